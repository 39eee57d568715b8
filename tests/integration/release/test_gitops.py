"""Releases of workloads that somebody else owns: Git, Argo CD or Flux is told, and follows."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import pytest

from infra.local.kubernetes import Failure
from shared.cluster.api import Conflict
from shared.estate import Secrets
from shared.gitops.repository import Repository, RepositoryRefused, RepositoryUnreachable
from tests.gitremote import Keys, Remote, SshRemote, served, served_over_ssh
from tests.integration.release.conftest import NEW, PLACE, Agent, Staging

ODOO = "acme.azurecr.io/odoo"
BEFORE = f"{ODOO}@sha256:{'b' * 64}"
FILE = "environments/staging.yaml"
TEXT = f"# as ann wrote it\nimage: {BEFORE}\n"


@pytest.fixture
def remote(tmp_path: Path) -> Iterator[Remote]:
    with served(tmp_path / "fleet.git", FILE, TEXT) as remote:
        yield remote


@pytest.fixture
def ssh_remote(tmp_path: Path) -> Iterator[SshRemote]:
    with served_over_ssh(tmp_path / "fleet.git", FILE, TEXT) as remote:
        yield remote


def apply_image(agent: Agent, image: str) -> None:
    for name in ("odoo", "odoo-cron"):
        if agent.workloads()[name][0] != image:
            agent.write_image(name, image)


def by_git(agent_with: Callable[..., Agent], remote: Remote) -> Agent:
    deploy = {"kind": "git", "repository": remote.url, "path": FILE}
    if isinstance(remote, SshRemote):
        deploy |= {"key": "env:FLEET_KEY", "host_keys": (remote.host.public,)}
    agent = agent_with(deploy=deploy)
    if isinstance(remote, SshRemote):
        agent.secrets = Secrets({"FLEET_KEY": remote.client.private})
    agent.meanwhile = lambda: apply_image(agent, remote.text().split()[-1])
    agent.meanwhile()
    return agent


def test_a_release_by_git_is_one_commit_that_says_whose_it_is(
    agent_with: Callable[..., Agent], remote: Remote
) -> None:
    agent = by_git(agent_with, remote)

    agent.promote()

    assert agent.deliver_to_the_end() == "succeeded", agent.reason
    assert agent.workloads() == {"odoo": (NEW, 1), "odoo-cron": (NEW, 1)}
    assert remote.text() == TEXT.replace(BEFORE, NEW)
    newest, first = remote.commits()
    said = newest.message.decode()
    assert said.startswith("Release 18.0-1 to acme-staging\n")
    assert f"Image: {NEW}" in said
    assert f"Signalbox-Run: {agent.run}" in said
    assert newest.parents == [first.id]


def test_a_release_by_git_that_fails_is_reverted_over_what_others_committed_meanwhile(
    agent_with: Callable[..., Agent], ssh_remote: SshRemote
) -> None:
    agent = by_git(agent_with, ssh_remote)
    agent.break_pods("odoo", Failure.PROGRESS_DEADLINE_EXCEEDED)

    agent.promote()
    agent.deliver_until_status("undoing")
    ssh_remote.write(f"# as bob wrote it\nimage: {NEW}\n", "Bob's")
    agent.break_pods("odoo", None)

    assert agent.deliver_to_the_end() == "failed"
    assert "RolloutFailed" in agent.reason
    assert agent.undone()
    assert ssh_remote.text() == f"# as bob wrote it\nimage: {BEFORE}\n"
    titles = [commit.message.decode().splitlines()[0] for commit in ssh_remote.commits()]
    assert titles[:2] == ['Revert "Release 18.0-1 to acme-staging"', "Bob's"]
    assert agent.workloads() == {"odoo": (BEFORE, 1), "odoo-cron": (BEFORE, 1)}


def test_a_commit_goes_on_top_of_what_was_pushed_at_the_same_moment(remote: Remote) -> None:
    repository, races = Repository(remote.url, "main", "signalbox", None), iter([True, False])

    def change(text: str) -> str:
        if next(races):
            remote.write(f"{text}# bob\n", "Bob's")
        return text.replace("ann", "signalbox")

    repository.change(FILE, change, "Ours", at=1_700_000_001)

    assert remote.text() == f"{TEXT.replace('ann', 'signalbox')}# bob\n"
    assert [commit.message for commit in remote.commits()] == [b"Ours", b"Bob's", b"First"]


def test_over_ssh_only_the_host_is_believed_that_is_known_and_only_with_our_key(
    ssh_remote: SshRemote,
) -> None:
    host, ours, strange = ssh_remote.host, ssh_remote.client, Keys()

    def reach(key: str, *host_keys: str, url: str = ssh_remote.url) -> str:
        return Repository(url, "main", "signalbox", key, host_keys).read(FILE)

    assert reach(ours.private, strange.public, host.public) == TEXT
    shown = re.escape(host.loaded.fingerprint)
    with pytest.raises(RepositoryRefused, match=f"shows another key, {shown}"):
        reach(ours.private, strange.public)
    with pytest.raises(RepositoryRefused, match=r"127\.0\.0\.1 does not let git in: add the"):
        reach(strange.private, host.public)
    with pytest.raises(RepositoryRefused, match="no private key without a passphrase"):
        reach("-----BEGIN secret-----", host.public)
    with pytest.raises(RepositoryUnreachable, match="by SSH"):
        reach(ours.private, host.public, url="ssh://git@127.0.0.1:9/fleet.git")


def test_over_ssh_a_repository_that_is_not_there_is_not_asked_for_again(
    ssh_remote: SshRemote,
) -> None:
    url, host, ours = ssh_remote.url.replace("fleet", "none"), ssh_remote.host, ssh_remote.client
    repository = Repository(url, "main", "signalbox", ours.private, [host.public])

    for said, error in (
        ("ERROR: Repository not found.\nCheck your rights.\n", RepositoryRefused),
        ("remote: ERROR: The project could not be found.\n", RepositoryRefused),
        ("fatal: '/none.git' does not appear to be a git repository\n", RepositoryRefused),
        ("ERR TF401019: The Git repository none does not exist.", RepositoryRefused),
        ("ERROR: Permission to acme/fleet.git denied to deploy key\n", RepositoryRefused),
        ("ERROR: The key you use has been marked as read only.\n", RepositoryRefused),
        ("ERROR: Internal API unreachable\n", RepositoryUnreachable),
        ("", RepositoryUnreachable),
    ):
        ssh_remote.refusal = said.encode()
        with pytest.raises(error, match=r"none\.git"):
            repository.read(FILE)


def test_a_repository_that_cannot_be_used_says_why(remote: Remote) -> None:
    for url, branch, path, error in (
        (remote.url, "main", "nowhere.yaml", RepositoryRefused),
        (remote.url, "other", FILE, RepositoryRefused),
        (remote.url.replace("fleet", "none"), "main", FILE, RepositoryRefused),
        ("http://127.0.0.1:9/fleet.git", "main", FILE, RepositoryUnreachable),
    ):
        with pytest.raises(error, match=r"127\.0\.0\.1"):
            Repository(url, branch, "signalbox", "a token").read(path)


def test_the_token_is_shown_to_a_repository_that_asks_for_it(remote: Remote) -> None:
    remote.token = "s3cret"

    assert Repository(remote.url, "main", "signalbox", "s3cret").read(FILE) == TEXT


Verdict = Literal["good", "bad", "none"]
DIGEST = re.compile("sha256:[0-9a-f]{64}")


def argo_says(found: Any, verdict: Verdict) -> dict[str, Any]:
    health = {"good": "Healthy", "bad": "Degraded", "none": "Progressing"}[verdict]
    return {
        "sync": {"status": "Synced", "comparedTo": {"source": found["spec"]["source"]}},
        "health": {"status": health},
        "operationState": {"phase": "Succeeded"},
    }


def flux_says(found: Any, verdict: Verdict) -> dict[str, Any]:
    said = {
        "good": ("True", "ReconciliationSucceeded"),
        "bad": ("False", "HealthCheckFailed"),
        "none": ("Unknown", "Progressing"),
    }
    status, reason = said[verdict]
    seen = found["metadata"]["generation"]
    ready = {"type": "Ready", "status": status, "reason": reason, "observedGeneration": seen}
    return {"conditions": [ready | {"lastTransitionTime": "2026-11-24T12:00:00Z"}]}


@dataclass(frozen=True)
class Owner:
    """An object of Argo CD or Flux, and how the one or the other speaks of it."""

    version: str
    kind: str
    spec: dict[str, Any]
    says: Callable[[Any, Verdict], dict[str, Any]]
    deploy: dict[str, Any]


ARGO = Owner(
    "argoproj.io/v1alpha1",
    "Application",
    {"source": {"path": "staging", "kustomize": {"images": [BEFORE]}}},
    argo_says,
    {"kind": "argo-cd", "application": "staging", "namespace": PLACE},
)
FLUX = Owner(
    "kustomize.toolkit.fluxcd.io/v1",
    "Kustomization",
    {"path": "staging", "images": [{"name": ODOO, "digest": BEFORE.partition("@")[2]}]},
    flux_says,
    {"kind": "flux", "name": "staging", "namespace": PLACE},
)
HELM = Owner(
    "helm.toolkit.fluxcd.io/v2",
    "HelmRelease",
    {"chart": "odoo", "values": {"image": {"digest": BEFORE.partition("@")[2]}}},
    flux_says,
    FLUX.deploy | {"resource": "HelmRelease", "value": "image.digest"},
)


class Controller:
    """Applies what an object states one look late, and says one look later how that went."""

    def __init__(self, agent: Agent, owner: Owner, before: Verdict, after: Verdict) -> None:
        self._agent, self._owner, self._after = agent, owner, after
        body = {"apiVersion": owner.version, "kind": owner.kind, "spec": owner.spec}
        agent.api.delete(owner.kind, PLACE, "staging")
        agent.api.create(owner.kind, PLACE, body | {"metadata": {"name": "staging"}})
        self._seen = self._applied = self._read()["spec"]
        self._apply()
        self._say(before)

    def look(self) -> None:
        stated = self._read()["spec"]
        if self._applied == stated != self._said_of:
            self._say(self._after)
        elif self._seen == stated != self._applied:
            self._applied = stated
            self._apply()
        self._seen = stated

    def _apply(self) -> None:
        [digest] = DIGEST.findall(str(self._applied))
        apply_image(self._agent, f"{ODOO}@{digest}")

    def _say(self, verdict: Verdict) -> None:
        found = self._read()
        self._said_of = found["spec"]
        status = {"status": self._owner.says(found, verdict)}
        try:
            self._agent.api.replace_status(self._owner.kind, PLACE, found | status)
        except Conflict:  # the emulator's own controller writes, too
            self._say(verdict)

    def _read(self) -> dict[str, Any]:
        return self._agent.api.read(self._owner.kind, PLACE, "staging")


@pytest.mark.parametrize(
    ("owner", "before", "after", "reason"),
    [
        (ARGO, "bad", "good", None),
        (ARGO, "good", "bad", "it is degraded"),
        (FLUX, "bad", "good", None),
        (FLUX, "good", "none", "not done within its time limit"),
        (HELM, "good", "bad", "Flux failed: HealthCheckFailed"),
    ],
    ids=["argo", "argo, degraded", "flux", "flux, never ready", "flux helm, not healthy"],
)
def test_what_an_owner_says_counts_of_the_new_image_only_and_a_failure_is_taken_back(
    agent_with: Callable[..., Agent],
    staging: Staging,
    owner: Owner,
    before: Verdict,
    after: Verdict,
    reason: str | None,
) -> None:
    """What the owner says of the image before is the contrary of what comes of the new one."""
    agent = agent_with(deploy=owner.deploy, checkpoint="database" if owner is HELM else "none")
    controller = Controller(agent, owner, before, after)
    was = staging.digest(), agent.configuration((owner.kind, "staging"))

    def look() -> None:
        controller.look()
        agent.time += timedelta(minutes=10) if after == "none" else timedelta(0)

    agent.meanwhile = look
    agent.promote()
    ended = agent.deliver_to_the_end()

    *_, stated = now = agent.configuration((owner.kind, "staging"))
    if reason is None:
        assert ended == "succeeded", agent.reason
        assert agent.workloads() == {"odoo": (NEW, 1), "odoo-cron": (NEW, 1)}
        assert str(stated) == str(owner.spec).replace("b" * 64, "a" * 64)
    else:
        assert (ended, (staging.digest(), now)) == ("failed", was)
        assert reason in agent.reason
        assert staging.names() == ["acme_staging"]
    assert agent.undone()
