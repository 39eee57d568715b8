"""Releases of workloads that somebody else owns: Git or Argo CD is told, and they follow."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import pytest

from functions.release.ways import ObjectWay
from infra.local.kubernetes import Failure
from shared.cluster import Cluster
from shared.cluster.api import Api
from shared.estate.deployments import ByFlux
from shared.gitops.repository import Repository, RepositoryRefused, RepositoryUnreachable
from shared.runs import Run
from tests.gitremote import Remote, served
from tests.integration.release.conftest import NEW, PLACE, Agent

BEFORE = f"acme.azurecr.io/odoo@sha256:{'b' * 64}"
FILE = "environments/staging.yaml"
TEXT = f"# as ann wrote it\nimage: {BEFORE}\n"


@pytest.fixture
def remote(tmp_path: Path) -> Iterator[Remote]:
    with served(tmp_path / "fleet.git", FILE, TEXT) as remote:
        yield remote


def apply_image(agent: Agent, image: str) -> None:
    for name in ("odoo", "odoo-cron"):
        if agent.workloads()[name][0] != image:
            agent.write_image(name, image)


def by_git(agent_with: Callable[..., Agent], remote: Remote) -> Agent:
    deploy = {"kind": "git", "repository": remote.url, "path": FILE}
    agent = agent_with(deploy=deploy)
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
    agent_with: Callable[..., Agent], remote: Remote
) -> None:
    agent = by_git(agent_with, remote)
    agent.break_pods("odoo", Failure.PROGRESS_DEADLINE_EXCEEDED)

    agent.promote()
    agent.deliver_until_status("undoing")
    remote.write(f"# as bob wrote it\nimage: {NEW}\n", "Bob's")
    agent.break_pods("odoo", None)

    assert agent.deliver_to_the_end() == "failed"
    assert "RolloutFailed" in agent.reason
    assert agent.undone()
    assert remote.text() == f"# as bob wrote it\nimage: {BEFORE}\n"
    titles = [commit.message.decode().splitlines()[0] for commit in remote.commits()]
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


class ArgoCd:
    """Applies the Application's image and says how that went, one look late."""

    def __init__(self, agent: Agent, health: str = "Healthy") -> None:
        self._agent, self.health = agent, health
        source = {"path": "staging", "kustomize": {"images": [BEFORE]}}
        self._seen: dict[str, Any] = source
        body = {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Application",
            "metadata": {"name": "staging"},
            "spec": {"source": source},
        }
        agent.api.delete("Application", PLACE, "staging")
        agent.api.create("Application", PLACE, body)
        apply_image(agent, BEFORE)
        self._say("Healthy")

    def look(self) -> None:
        source = self._agent.api.read("Application", PLACE, "staging")["spec"]["source"]
        if source == self._seen:
            [image] = source["kustomize"]["images"]
            apply_image(self._agent, image)
            self._say(self.health if image == NEW else "Healthy")
        self._seen = source

    def _say(self, health: str) -> None:
        status = {
            "sync": {"status": "Synced", "comparedTo": {"source": self._seen}},
            "health": {"status": health},
            "operationState": {"phase": "Succeeded"},
        }
        self._agent.set_status("applications", "staging", status)


@pytest.mark.parametrize(
    ("health", "ends", "image"), [("Healthy", "succeeded", NEW), ("Degraded", "failed", BEFORE)]
)
def test_a_release_by_argo_cd_believes_only_what_it_says_of_the_new_image(
    agent_with: Callable[..., Agent], health: str, ends: str, image: str
) -> None:
    deploy = {"kind": "argo-cd", "application": "staging", "namespace": PLACE}
    agent = agent_with(deploy=deploy)
    argo = ArgoCd(agent, health)
    agent.meanwhile = argo.look

    agent.promote()

    assert agent.deliver_to_the_end() == ends, agent.reason
    assert agent.undone()
    assert agent.workloads() == {"odoo": (image, 1), "odoo-cron": (image, 1)}
    found = agent.api.read("Application", PLACE, "staging")
    assert found["spec"]["source"] == {"path": "staging", "kustomize": {"images": [image]}}


@pytest.mark.parametrize(
    ("kind", "spec", "value"),
    [("Kustomization", {"images": []}, None), ("HelmRelease", {"values": {}}, "image.digest")],
)
def test_an_object_of_flux_is_set_and_put_back(
    cluster_url: str, kind: Literal["Kustomization", "HelmRelease"], spec: Any, value: str | None
) -> None:
    api, run = Api(cluster_url), Run(uuid4(), PLACE, 1, "deploy_release", 1, {}, lambda: True)
    group = {"Kustomization": "kustomize.toolkit.fluxcd.io/v1"}
    version = group.get(kind, "helm.toolkit.fluxcd.io/v2")
    body = {"apiVersion": version, "kind": kind, "metadata": {"name": "odoo"}, "spec": spec}
    api.create(kind, PLACE, body)
    deploy = ByFlux(kind="flux", resource=kind, name="odoo", namespace=PLACE, value=value)
    way = ObjectWay(deploy, Cluster.connect(cluster_url), run)

    before = way.before(NEW)
    told = way.write(NEW, before, "18.0-1")
    during = api.read(kind, PLACE, "odoo")["spec"]
    waits = way.waits()
    way.put_back(NEW, before, "18.0-1")

    assert (told, waits) == (f"{kind} {PLACE}/odoo", "waits until Flux has seen it")
    assert NEW.partition("@")[2] in str(during)
    assert way.before(NEW) == before
