"""From an event to a refreshed environment, or to one that is as it was: every way a run can go."""

import base64
import hashlib
import html
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import psycopg
import pytest
from azure.servicebus import ServiceBusClient
from azure.storage.blob import ContainerClient
from kubernetes import client

from infra.local.platform import ESTATE, TOPOLOGY, Platform
from shared.blobs import AzureBlobs
from shared.cluster.api import Api
from shared.evidence.checking import examine
from shared.evidence.signing import evidence_signer
from shared.evidence.spelling import canonical
from shared.masking.proof import SignedCertificate
from shared.masking.proof.seal import Signer
from shared.odoo.manifest import BackupManifest
from tests.e2e.site import (
    SOURCE,
    STAGING,
    STEPS,
    Site,
    State,
    open_site,
    wait_for,
    write_topology,
)
from tests.e2e.watcher import Seen, watch_next_run
from tests.webhookreceiver import WebhookReceiver, webhook_receiver

NOWHERE = "backups/acme-prod/never/manifest.json"
"""A run of this backup fails at its first step: what tests start to see whether it starts."""

TOLD = """
notifications:
  page: https://signalbox.example
  webhooks:
    - { name: chat, shape: slack, url: env:CHAT_URL, about: [run-failed] }
"""

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("flow")


@pytest.fixture(scope="module")
def estate(folder: Path) -> Path:
    """An estate file that tests may change."""
    file = folder / "estate.yaml"
    file.write_text(ESTATE.read_text() + TOLD)
    return file


@pytest.fixture(scope="module")
def chat() -> Iterator[WebhookReceiver]:
    """Where people are told of runs that fail."""
    with webhook_receiver() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def site(folder: Path, estate: Path, chat: WebhookReceiver) -> Iterator[Site]:
    topology = write_topology(folder / "topology.json", TOPOLOGY)
    settings = {"CHAT_URL": chat.url()}
    platform = Platform(folder / "platform", estate=estate, topology=topology, settings=settings)
    with open_site(platform) as site:
        yield site


@dataclass(frozen=True)
class Refreshed:
    """A run that went well, and staging around it."""

    run: UUID
    before: State
    after: State
    answer: dict[str, Any]
    seen: Seen | None
    """What the live page showed of it; None without a browser."""


@pytest.fixture(scope="module")
def refreshed(site: Site) -> Refreshed:
    """A refresh that an engineer started and waited for, while somebody watched it."""
    before = site.state()
    facts = ("--environment", SOURCE, "--manifest", site.manifest, "--target", STAGING)
    with ThreadPoolExecutor(1) as pool:
        watched = pool.submit(watch_next_run, site)
        done = site.cli("trigger", "backup-completed", *facts, "--wait", "--json")
        assert done.returncode == 0, done.stderr
        seen = watched.result()
    answer = json.loads(done.stdout)
    [run] = answer["runs"]
    return Refreshed(UUID(run), before, site.state(), answer, seen)


# -- a run that goes well ------------------------------------------------------------------------


def test_a_completed_backup_replaces_staging_and_keeps_what_was_there(
    site: Site, refreshed: Refreshed
) -> None:
    before, after = refreshed.before, refreshed.after
    checkpoint = f"acme_staging_before_{refreshed.run.hex[:8]}"
    certified = f"acme_staging_certified_{refreshed.run.hex[:8]}"

    assert refreshed.answer["runs"] == {str(refreshed.run): "succeeded"}
    assert site.attempts(refreshed.run) == {step: ["succeeded"] for step in STEPS}
    assert after.oid != before.oid
    assert after.rows != before.rows
    assert after.databases == {"acme_staging", checkpoint, certified}
    assert after.ready == {"odoo": 1, "odoo-cron": 1}
    assert after.configuration == before.configuration
    assert not after.jobs
    assert [c.text for c in site.demo.claims(site.demo.people()) if not c.true] == []


def test_the_live_page_shows_each_step_of_a_real_run_as_it_happens(refreshed: Refreshed) -> None:
    seen = refreshed.seen
    if seen is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium")

    assert seen.place.endswith(f"/runs/{refreshed.run}")
    assert len(seen.succeeded) > len(STEPS) // 2, "what changed was seen, not only the end"
    assert seen.succeeded == sorted(seen.succeeded)
    assert (seen.succeeded[0] < len(STEPS), seen.succeeded[-1]) == (True, len(STEPS))
    assert "succeeded" in seen.headline
    assert not seen.was_reloaded
    assert seen.complaints == []


def test_production_is_as_it_was_after_a_refresh(site: Site, refreshed: Refreshed) -> None:
    with psycopg.connect(site.dsn(SOURCE)) as production:
        emails = "select count(*) from res_partner where email like '%.invalid'"
        marked = "select to_regnamespace('signalbox')"

        assert production.execute(emails).fetchone() == (0,)
        assert production.execute(marked).fetchone() == (None,)
    assert site.state(SOURCE).ready == {"odoo": 2, "odoo-cron": 1}


def test_the_demos_claims_are_false_where_nothing_was_refreshed(
    site: Site, refreshed: Refreshed
) -> None:
    undone = [
        "update res_partner set email = 'jane@acme.example' where id = 1",
        "update ir_config_parameter set value = 'false' where key = 'database.is_neutralized'",
        "update ir_config_parameter set value = 'https://erp.acme.example'"
        " where key = 'web.base.url'",
    ]
    people = site.demo.people()

    with psycopg.connect(site.dsn()) as staging:
        for statement in undone:
            staging.execute(statement)
        staging.commit()
        claims = {claim.text: claim.true for claim in site.demo.claims(people)}
        unmasked = site.demo.claims([replace(person, after=person.before) for person in people])

    assert claims == {
        "the three people above are nobody any more": True,
        "no partner's e-mail in staging can be delivered": False,
        "Odoo itself shows staging as neutralized": False,
        "staging calls itself by its own address": False,
        "the database before the refresh is kept as checkpoint": True,
    }
    assert not unmasked[0].true


def test_evidence_is_sealed_and_names_everything_that_happened(
    site: Site, refreshed: Refreshed
) -> None:
    sealed = site.evidence(refreshed.run)
    body = sealed["evidence"]

    assert hashlib.sha256(canonical(body).encode()).hexdigest() == sealed["sha256"]
    assert body["run"]["status"] == "succeeded"
    assert body["event"]["id"] == refreshed.answer["id"]
    assert [s["name"] for s in body["steps"] if s["status"] == "succeeded"] == list(STEPS)
    assert [entry["what"] for entry in body["audit"]][-1] == "run_succeeded"
    assert site.platform.settings["SIGNALBOX_MASKING_KEY"] not in json.dumps(sealed)


def test_evidence_holds_the_certificate(site: Site, refreshed: Refreshed) -> None:
    [proof] = [
        step
        for step in site.evidence(refreshed.run)["evidence"]["steps"]
        if step["name"] == "prove_sanitized"
    ]

    signed = SignedCertificate.model_validate_json(proof["output"]["certificate"])

    key = site.platform.settings["SIGNALBOX_MASKING_KEY"].encode()
    assert signed.is_valid(Signer(key).public_key)
    assert signed.certificate.run == str(refreshed.run)
    assert signed.certificate.canaries_found == signed.certificate.canaries_planted > 20


def test_evidence_that_was_changed_is_refused(site: Site, refreshed: Refreshed) -> None:
    change = "update evidence set body = jsonb_set(body, '{run,environment}', %s) where run_id = %s"
    with psycopg.connect(site.platform.settings["SIGNALBOX_LEDGER_URL"]) as ledger:
        ledger.execute(change, ['"acme-training"', refreshed.run])
    try:
        done = site.cli("evidence", "show", str(refreshed.run))
    finally:
        with psycopg.connect(site.platform.settings["SIGNALBOX_LEDGER_URL"]) as ledger:
            ledger.execute(change, [json.dumps(STAGING), refreshed.run])

    assert done.returncode == 2
    assert "changed after it was sealed" in done.stderr


def test_the_same_event_again_starts_no_second_run(site: Site, refreshed: Refreshed) -> None:
    runs = site.ask("select count(*) from runs")
    repeated = refreshed.answer
    body = {
        "source": repeated["source"],
        "id": repeated["id"],
        "type": "backup-completed",
        "data": {"environment": SOURCE, "manifest": site.manifest},
    }

    site.type_in(json.dumps(body))
    status, answer = post(site, body)
    site.end_of(site.run_of(site.publish(manifest=NOWHERE)))

    assert (status, answer) == (202, {"source": repeated["source"], "id": repeated["id"]})
    assert site.ask("select count(*) from runs") == [(runs[0][0] + 1,)], "only the later one"


def test_every_step_is_announced_to_whoever_subscribes(site: Site, refreshed: Refreshed) -> None:
    said = [
        event for event in announcements(site) if event["data"].get("run") == str(refreshed.run)
    ]

    assert [event["type"] for event in said] == [
        "run-started",
        *["step-succeeded"] * len(STEPS),
        "run-succeeded",
    ]
    assert [event["data"].get("step") for event in said[1:-1]] == list(STEPS)
    assert {event["subject"] for event in said} == {STAGING}
    assert said[-1]["data"]["evidence_sha256"] == site.evidence(refreshed.run)["sha256"]


# -- a run that fails ----------------------------------------------------------------------------


def remove_archive(backups: ContainerClient, manifest: BackupManifest) -> None:
    backups.delete_blob(manifest.archive.path)


def shorten_archive(backups: ContainerClient, manifest: BackupManifest) -> None:
    content = backups.download_blob(manifest.archive.path).readall()
    backups.upload_blob(manifest.archive.path, content[:-1], overwrite=True)


def flip_a_bit(backups: ContainerClient, manifest: BackupManifest) -> None:
    content = bytearray(backups.download_blob(manifest.archive.path).readall())
    content[len(content) // 2] ^= 1
    backups.upload_blob(manifest.archive.path, bytes(content), overwrite=True)


@pytest.mark.parametrize(
    ("damage", "failing", "reason"),
    [
        (remove_archive, "find_backup", "BlobMissing"),
        (shorten_archive, "find_backup", "take a new backup"),
        (flip_a_bit, "restore_backup", "the archive is damaged: expected"),
    ],
)
def test_a_backup_that_cannot_be_trusted_fails_after_one_attempt_and_staging_is_as_it_was(
    site: Site,
    refreshed: Refreshed,
    damage: Callable[[ContainerClient, BackupManifest], None],
    failing: str,
    reason: str,
) -> None:
    before = site.state()

    run = site.run_of(site.publish(manifest=site.damaged_backup(damage)))
    status, why = site.end_of(run)

    assert status == "failed"
    assert why is not None
    assert reason in why
    assert site.attempts(run)[failing] == ["failed"]
    assert site.state() == before
    assert site.evidence(run)["evidence"]["run"]["status"] == "failed"


def test_a_failed_run_is_announced_and_ends_the_command_with_status_1(
    site: Site, refreshed: Refreshed, chat: WebhookReceiver
) -> None:
    facts = ("--environment", SOURCE, "--manifest", NOWHERE, "--target", STAGING)

    done = site.cli("trigger", "backup-completed", *facts, "--wait", "--json")
    [(run, status)] = json.loads(done.stdout)["runs"].items()
    said = [event for event in announcements(site) if event["data"].get("run") == run]
    told = wait_for(lambda: told_of(chat, run), "people to be told")

    assert done.returncode == 1
    assert [each["text"] for each in told] == ["Failed: refresh of acme-staging"]
    assert status == "failed"
    assert [event["type"] for event in said] == ["run-started", "step-failed", "run-failed"]
    assert "BlobMissing" in said[-1]["data"]["reason"]
    assert said[-1]["data"]["left_behind"] == []


def told_of(chat: WebhookReceiver, run: str) -> list[dict[str, Any]]:
    """What people were told with a link to a run."""
    return [each.body for each in chat.posted if f"/runs/{run}" in each.content.decode()]


def test_a_drill_is_held_beside_the_standby_and_kept(site: Site, refreshed: Refreshed) -> None:
    facts = ("--environment", SOURCE, "--manifest", site.manifest)

    said = site.cli("trigger", "drill-requested", *facts, "--json")
    [(run, status, reason)] = wait_for(
        lambda: site.ask(
            "select id, status, reason from runs where runbook = 'drill' and ended_at is not null"
        ),
        "the drill to end",
        seconds=200,
    )

    assert said.returncode == 0
    assert (status, reason) == ("succeeded", None)
    [kept] = site.ask("select environment, id, source, passed, facts from drills")
    assert kept[:-1] == (SOURCE, run, site.manifest, True)
    assert (kept[-1]["rto_met"], kept[-1]["rpo_met"]) == (True, True)
    [shown] = json.loads(site.cli("drill", "show", "--json").stdout)
    assert shown["passed_at"] is not None
    assert Api(site.platform.kubernetes_url).list("Job", "acme-standby", "") == []


# -- messages ------------------------------------------------------------------------------------


def test_an_event_typed_into_the_portal_starts_a_run(site: Site, refreshed: Refreshed) -> None:
    before = {id for (id,) in site.ask("select id from runs")}
    typed = {"type": "backup-completed", "data": {"environment": SOURCE, "manifest": NOWHERE}}

    site.type_in(json.dumps(typed, indent=2))

    new = wait_for(
        lambda: [id for (id,) in site.ask("select id from runs") if id not in before], "a run"
    )
    status, reason = site.end_of(new[0])
    assert status == "failed"
    assert reason is not None
    assert NOWHERE in reason


def test_what_a_dry_run_prints_is_accepted_from_any_service_bus_client(
    site: Site, refreshed: Refreshed
) -> None:
    runs = site.ask("select count(*) from runs")
    options = ("--environment", SOURCE, "--manifest", NOWHERE, "--target", STAGING, "--dry-run")

    done = site.cli("trigger", "backup-completed", *options)
    event = json.loads(done.stdout)
    nothing_yet = site.ask("select count(*) from runs") == runs
    site.type_in(done.stdout)

    assert done.returncode == 0
    assert STAGING in done.stderr
    assert nothing_yet
    assert site.disposition(event["id"]) == "started"


def test_what_can_never_be_handled_is_parked_with_its_reason_until_somebody_discards_it(
    site: Site,
) -> None:
    kind, data = "backup-completed", {"environment": SOURCE, "manifest": NOWHERE}
    typed = {
        "no JSON": "{'type': ",
        "unknown type": json.dumps({"type": "backup-eaten", "data": data}),
        "unknown environment": json.dumps(
            {"type": kind, "data": data | {"environment": "acme-prud"}}
        ),
        "a fact is missing": json.dumps({"type": kind, "data": {"environment": SOURCE}}),
    }

    for body in typed.values():
        site.type_in(body)
    parked = parked_since(site, typed["no JSON"])
    wait_for(lambda: len(parked_messages(site)) == len(typed), "all four to be parked")
    by_body = {message["body"]: message["reason"] for message in parked_messages(site)}
    reasons = {name: by_body[body] for name, body in typed.items()}
    discards = [site.cli("parked", "discard", parked["id"]).returncode for _ in range(2)]
    said = {event["data"].get("parked") for event in announcements(site)}

    assert "Invalid JSON" in reasons["no JSON"]
    assert "known types: backup-completed" in reasons["unknown type"]
    assert "acme-prud" in reasons["unknown environment"]
    assert "manifest: Field required" in reasons["a fact is missing"]
    assert discards == [0, 2], "the second time there is nothing to discard"
    assert parked["id"] in said
    assert parked["id"] not in {message["id"] for message in parked_messages(site)}


def test_a_parked_event_is_replayed_after_the_estate_was_mended(
    site: Site, refreshed: Refreshed, estate: Path
) -> None:
    event = site.publish(target="acme-training", manifest=NOWHERE)
    parked = parked_since(site, event.id)
    mended = "checkpoint_keep: 12 hours\n    refresh_from: acme-prod"
    estate.write_text(estate.read_text().replace("checkpoint_keep: 12 hours", mended))
    site.platform.restart("host")

    done = site.cli("parked", "replay", parked["id"])
    run = site.run_of(event, "acme-training")

    assert "acme-training is not refreshed from acme-prod" in parked["reason"]
    assert done.returncode == 0, done.stderr
    assert site.end_of(run)[0] == "failed", "as every run of this backup"
    assert site.disposition(event.id) == "started"
    assert site.ask("select resolution from parked where id = %s", parked["id"]) == [("replayed",)]


# -- the command line and HTTP -------------------------------------------------------------------


def test_runs_can_be_listed_shown_and_watched(site: Site, refreshed: Refreshed) -> None:
    run = str(refreshed.run)

    listed = json.loads(site.cli("runs", "list", "--status", "succeeded", "--json").stdout)
    shown = json.loads(site.cli("runs", "show", run, "--json").stdout)
    watched = site.cli("runs", "watch", run, "--json")
    table = site.cli("runs", "show", run).stdout

    assert run in {each["id"] for each in listed}
    assert {each["status"] for each in listed} == {"succeeded"}
    assert [s["name"] for s in shown["steps"] if s["kind"] == "do"] == list(STEPS)
    assert json.loads(watched.stdout) == {"run": run, "status": "succeeded"}
    assert watched.returncode == 0
    assert all(step in table for step in STEPS)


@pytest.mark.parametrize(
    ("environment", "target", "said"),
    [
        ("acme-prud", STAGING, "acme-prod"),
        (SOURCE, "acme-nowhere", "the estate names acme-staging"),
    ],
)
def test_a_wrong_environment_is_refused_with_those_there_are(
    site: Site, environment: str, target: str, said: str
) -> None:
    options = ("--environment", environment, "--manifest", site.manifest, "--target", target)

    done = site.cli("trigger", "backup-completed", *options)

    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_the_host_answers_over_http_to_those_who_have_its_key(
    site: Site, refreshed: Refreshed
) -> None:
    run = get(site, f"runs/{refreshed.run}")
    wrong = {"type": "backup-completed", "data": {"environment": "acme-prud"}}

    assert get(site, "health")["status"] == "healthy"
    assert run["run"]["status"] == "succeeded"
    assert post(site, wrong)[0] == 400
    guessed = {"x-functions-key": "guessed"}
    request = urllib.request.Request(f"{site.platform.url}/api/runs", headers=guessed)
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(request)


# -- evidence for others -------------------------------------------------------------------------


def test_upkeep_leaves_a_signed_bundle_and_a_page_of_every_run(
    site: Site, refreshed: Refreshed
) -> None:
    files = evidence_files(site)
    signer = evidence_signer(site.platform.settings["SIGNALBOX_MASKING_KEY"].encode())

    verdict = examine(files, [signer.public_key])

    assert verdict.problems == ()
    assert site.evidence(refreshed.run)["sha256"] in verdict.records
    assert verdict.pages == len(verdict.records) == site.ask("select count(*) from runs")[0][0]
    assert site.cli("evidence", "key").stdout.strip() == signer.public_key


def test_neither_secrets_nor_people_are_in_the_evidence(site: Site, refreshed: Refreshed) -> None:
    """In that of every run of this module, those that failed included; nor secrets in the log."""
    secrets, people = secret_values(site), people_of_production(site)
    evidence = b"\n".join(evidence_files(site).values())
    log = (site.platform.folder / "logs" / "host.log").read_bytes()

    assert len(secrets) > 10
    assert len(people) > 300
    assert canaries_in(evidence, secrets | people) == []
    assert b"step_succeeded" in log
    assert canaries_in(log, secrets) == []
    planted = {min(secrets), min(people)}
    assert planted <= set(canaries_in("".join(planted).encode(), secrets | people))


def evidence_files(site: Site) -> dict[str, bytes]:
    """Every bundle and page, once upkeep has copied those of all runs that are over."""
    waiting = "select count(*) from evidence where copied_at is null"
    wait_for(lambda: site.ask(waiting) == [(0,)], "the evidence to be copied")
    blobs = AzureBlobs.connect(site.platform.settings["SIGNALBOX_BLOBS"])
    environments = [name for (name,) in site.ask("select distinct environment from evidence")]
    found = (blob.path for name in environments for blob in blobs.list(f"evidence/{name}/"))
    return {path: blobs.read(path) for path in found}


def secret_values(site: Site) -> set[str]:
    """Every secret that the platform has: what references lead to, and what is inside of them."""
    found = {value for name, value in site.platform.settings.items() if is_secret(name)}
    found |= {url.password for url in map(urlsplit, found) if url.password}
    for environment in site.platform.estate.environments:
        with client.ApiClient(client.Configuration(host=site.platform.kubernetes_url)) as api:
            core = client.CoreV1Api(api)
            secret = core.read_namespaced_secret(environment.database_secret, environment.namespace)
        values = {base64.b64decode(value).decode() for value in secret.data.values()}
        found |= values | {url.password for url in map(urlsplit, values) if url.password}
    return found


def is_secret(setting: str) -> bool:
    return setting == "ServiceBus" or setting.endswith(("_KEY", "_URL", "_BLOBS"))


def people_of_production(site: Site) -> set[str]:
    """What is known of each of them, and long enough not to be met by chance."""
    columns = ("name", "email", "phone", "mobile", "street", "vat")
    union = " union ".join(f"select {column}::text from res_partner" for column in columns)
    with psycopg.connect(site.dsn(SOURCE)) as production:
        known = {value.strip() for (value,) in production.execute(union.encode()) if value}
    return {value for value in known if len(value) >= 10}


def canaries_in(evidence: bytes, canaries: set[str]) -> list[str]:
    def is_there(value: str) -> bool:
        spellings = {value, html.escape(value), json.dumps(value)[1:-1]}
        return any(spelling.encode() in evidence for spelling in spellings)

    return sorted(value for value in canaries if is_there(value))


# -- asking --------------------------------------------------------------------------------------


def parked_messages(site: Site) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(site.cli("parked", "list", "--json").stdout)
    return found


def parked_since(site: Site, body: str) -> dict[str, Any]:
    """The unresolved parked message whose body contains a text, as the command line lists it."""
    query = "select id from parked where position(%s in body) > 0 and resolution is null"
    [(id,)] = wait_for(lambda: site.ask(query, body), "a parked message")
    [found] = [message for message in parked_messages(site) if message["id"] == id]
    return found


def announcements(site: Site) -> list[dict[str, Any]]:
    """Everything said on ``run-events`` so far; it stays there for the next test."""
    wait_for(lambda: site.ask("select count(*) from outbox") == [(0,)], "the outbox to be sent")
    with (
        ServiceBusClient.from_connection_string(site.platform.settings["ServiceBus"]) as bus,
        bus.get_subscription_receiver("run-events", "tests") as receiver,
    ):
        return [json.loads(str(message)) for message in receiver.peek_messages(1000)]


def get(site: Site, path: str) -> Any:
    request = urllib.request.Request(f"{site.platform.url}/api/{path}", headers=key(site))
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def post(site: Site, event: dict[str, Any]) -> tuple[int, Any]:
    request = urllib.request.Request(
        f"{site.platform.url}/api/events", json.dumps(event).encode(), key(site)
    )
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, json.load(refused)


def key(site: Site) -> dict[str, str]:
    return {"x-functions-key": site.platform.settings["FUNCTIONS_HOST_KEY"]}
