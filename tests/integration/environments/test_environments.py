"""Environments on request, from the first event to the proof that nothing is left."""

import json
import re
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from ipaddress import IPv4Network
from typing import Any
from uuid import UUID

import psycopg
import pytest
from azure.core.exceptions import ResourceExistsError
from azure.storage.blob import BlobServiceClient
from psycopg import OperationalError

from functions.environments import REMOVAL, RUNBOOK
from functions.environments.traces import traces
from functions.schedules.keep_hours import keep_awake
from functions.upkeep import look_at_workloads
from functions.upkeep.environments import announce_owed_removals, watch_environments
from functions.upkeep.hours import watch_hours
from infra.local.azurite import Azurite
from shared.blobs import AzureBlobs
from shared.blobs.blobs import BlobsRefused
from shared.capabilities import health
from shared.cluster import ObjectMissing
from shared.estate.offers import Egress
from shared.filestore import filestore_of, sync_files
from shared.ledger.environments import ExtensionRefused
from shared.ledger.hours import all_hours
from shared.ledger.workloads import Workloads
from shared.messages import CloudEvent
from shared.messages.announcements import RemovalOwed
from shared.messages.schedules import HoursChanged
from shared.postgres.clones import certified_copies, clone_inside, marker_of
from shared.runs import Run
from shared.runs.cancelling import cancel
from shared.runs.sleepers import NotOpen
from tests.integration.environments.conftest import NOON, SERVER, Agent, Machine
from tests.integration.environments.dying import Deaths

FACTS = """
    select (select value from ir_config_parameter where key = 'web.base.url'),
           (select value from ir_config_parameter where key = 'database.uuid'),
           (select count(*) from res_partner)
"""


@pytest.fixture
def deaths(agent: Agent, machine: Machine, azurite: Azurite, ledger_url: str) -> Iterator[Deaths]:
    """Every process that begins a step is killed; files are where the next one finds them."""
    source, account = machine.estate.environment("acme-staging"), azurite.connection_string
    agent.blobs = AzureBlobs.connect(account)
    with BlobServiceClient.from_connection_string(account) as service:
        with suppress(ResourceExistsError):
            service.create_container(source.filestore.container)
        for blob in machine.blobs.list(filestore_of(source)):
            agent.blobs.upload(blob.path, machine.blobs.read(blob.path))
        server = machine.postgres.url()
        agent.deaths = Deaths(ledger_url, server, machine.cluster_url, account)
        yield agent.deaths


def secret(agent: Agent, name: str) -> dict[str, str]:
    data = agent.api.read("Secret", f"qa-{name}", "odoo-database")["data"]
    return {key: b64decode(value).decode() for key, value in data.items()}


def is_there(agent: Agent, kind: str, namespace: str, name: str) -> bool:
    try:
        agent.api.read(kind, namespace, name)
    except ObjectMissing:
        return False
    return True


def nothing_is_left(agent: Agent, machine: Machine, name: str) -> bool:
    """Looked up without the code that removes it."""
    return (
        machine.names(f"qa_{name.replace('-', '_')}") == []
        and list(agent.blobs.list(f"filestore/on-request/{name}/")) == []
        and not is_there(agent, "Namespace", "", f"qa-{name}")
        and name not in [each.name for each in agent.on_request.current()]
    )


def watch(agent: Agent) -> list[CloudEvent]:
    """What upkeep says now, delivered if it is an event."""
    watch_environments(agent.estate, agent.runner)
    watch_hours(agent.schedules, agent.runner)
    said = [CloudEvent.model_validate_json(e.body) for e in agent.bus.sent if e.topic in WATCHED]
    agent.bus.sent[:] = [each for each in agent.bus.sent if each.topic not in WATCHED]
    return [each for each in said if each.type in ASKED]


ASKED = ("environment-expiring", "environment-expired", "hours-changed")
WATCHED = ("platform-events", "run-events")


def go_to(agent: Agent, at: datetime) -> list[UUID]:
    """The runs of what upkeep on two hosts, and people before, ask for."""
    agent.time = at
    seen = watch(agent) + watch(agent)
    said = {each.id: each for each in seen if each.type != "environment-expiring"}
    for each in said.values():
        agent.accept(each)
    found = (agent.ledger.runs_of_event(each.source, each.id) for each in said.values())
    return [run for runs in found for run in runs]


def pods(agent: Agent, name: str) -> int:
    """That are there, as many as are wanted."""
    place = f"qa-{name}"
    there = len(agent.api.list("Pod", place, "app=odoo"))
    assert agent.api.read("Deployment", place, "odoo")["spec"]["replicas"] == there
    return there


def assert_only_one_gets_it(agent: Agent) -> None:
    """Neither its name nor the offer's only place is given away twice."""
    agent.change_offer(at_once=1)
    late, another = agent.request("ana-fix", by="ben"), agent.request("another")
    assert (agent.finish(late), agent.finish(another)) == ("failed", "failed")
    assert re.search("NameTaken: ana-fix is open .* for ana", agent.reason(late))
    assert "OfferExhausted" in agent.reason(another)


def test_an_environment_works_lives_on_and_leaves_no_trace_though_each_step_is_killed_once(
    agent: Agent, machine: Machine, deaths: Deaths
) -> None:
    run = agent.request("ana-fix", hours=24)
    assert agent.happen(agent.wanted("ana-fix")) == [], "two requests of one person are one run"
    assert agent.finish(run) == "succeeded", agent.reason(run)

    passwords = secret(agent, "ana-fix")
    with (
        psycopg.connect(passwords["url"]) as theirs,
        psycopg.connect(machine.postgres.dsn("acme_staging")) as staging,
    ):
        own, other = (c.execute(FACTS).fetchall()[0] for c in (theirs, staging))
        theirs.execute("alter table res_partner add column own int")  # it owns what is there
        theirs.rollback()
    assert own[0] == "https://ana-fix.qa.acme.example"
    assert own[1] != other[1]
    assert own[2] == other[2] > 0
    with pytest.raises(OperationalError, match="permission denied"):
        psycopg.connect(machine.postgres.dsn("qa_ana_fix", user="odoo"))
    kinds = {"ResourceQuota", "LimitRange", "NetworkPolicy", "RoleBinding"}
    assert all(is_there(agent, kind, "qa-ana-fix", "signalbox") for kind in kinds)
    assert is_there(agent, "IngressRoute", "qa-ana-fix", "odoo")
    assert len(list(agent.blobs.list("filestore/on-request/ana-fix/"))) > 0
    record = json.dumps(agent.record(run), default=str)
    assert not any(password in record for password in passwords.values())
    [place] = agent.on_request.places()
    assert (place.name, place.namespace) == ("ana-fix", "qa-ana-fix")
    assert_only_one_gets_it(agent)
    workloads = Workloads(agent.ledger)
    look_at_workloads(agent.estate, agent.on_request, agent.clusters, workloads)
    able = health(agent.ledger, agent.estate)["ana-fix"]
    assert {each.verdict for each in able} == {"working"}, able
    assert workloads.verifications(["ana-fix"])["ana-fix"].run == run

    assert watch(agent) == []
    agent.time = NOON + timedelta(hours=19)
    assert [each.type for each in watch(agent)] == ["environment-expiring"]
    assert watch(agent) == [], "people are reminded once"
    [offer] = agent.estate.offers
    extend = partial(agent.on_request.extend, "ana-fix", offer, by="ana", reason="a review")
    with pytest.raises(ExtensionRefused, match="at most"):
        extend(timedelta(days=8))
    assert extend(timedelta(days=2)) == agent.time + timedelta(days=2)
    agent.time += timedelta(days=1)
    assert watch(agent) == [], "its first end is no end any more"
    agent.time += timedelta(days=1)
    [late] = watch(agent)  # nobody looked when it was time to remind
    assert (late.type, watch(agent)) == ("environment-expiring", [])
    assert late.data["expires_at"] == f"{agent.time + timedelta(hours=67) / 3:%FT%TZ}"
    agent.time += timedelta(days=1)
    [expired] = watch(agent)
    agent.accept(expired)
    [gone] = agent.ledger.runs_of_event(expired.source, expired.id)

    assert agent.finish(gone) == "succeeded", agent.reason(gone)
    assert nothing_is_left(agent, machine, "ana-fix")
    assert len(agent.facts(gone, "prove_removed")["looked_for"]) == 5
    steps = [step.name for book in (RUNBOOK, REMOVAL) for step in book.steps]
    assert {each.replace("-", "_") for each in deaths.of} == {*steps, "withdraw_request"}
    tries = [*agent.record(run)["attempts"], *agent.record(gone)["attempts"]]
    assert [each["outcome"] for each in tries] == ["lost", "succeeded"] * len(steps)
    assert watch(agent) == []


def test_it_sleeps_at_night_wakes_for_its_owner_and_is_removed_in_its_sleep(
    agent: Agent, machine: Machine
) -> None:
    agent.change_offer(awake="office")
    [offer], morning = agent.estate.offers, NOON.replace(day=25, hour=6)
    assert agent.finish(agent.request("owl")) == "succeeded"
    assert go_to(agent, NOON.replace(hour=18, minute=59)) == []
    [to_bed] = go_to(agent, NOON.replace(hour=19))
    assert agent.finish(to_bed) == "succeeded"
    assert pods(agent, "owl") == 0
    [hours] = agent.schedules.all()
    assert (hours.environment, hours.state, hours.until) == ("owl", "asleep", morning)
    look_at_workloads(agent.estate, agent.on_request, agent.clusters, Workloads(agent.ledger))
    able = health(agent.ledger, agent.estate)["owl"]
    assert {each.verdict for each in able} == {"idle"}, able

    wake = partial(agent.schedules.want, "owl", asleep=False, until=None, by="ana", reason="a demo")
    wake()
    assert {agent.finish(run) for run in go_to(agent, agent.time)} == {"succeeded"}
    assert pods(agent, "owl") == 1
    agent.schedules.follow("owl", by="ana")
    assert {agent.finish(run) for run in go_to(agent, agent.time)} == {"succeeded"}
    assert pods(agent, "owl") == 0

    end = agent.on_request.extend("owl", offer, morning - agent.time, by="ana", reason="a review")
    assert go_to(agent, end - timedelta(minutes=1)) == [], "people are reminded"
    wake()
    late, removal = go_to(agent, end)
    assert agent.schedules.all() == []
    [later] = agent.happen(HoursChanged(environment="owl"))
    assert agent.finish(late) == "succeeded"
    assert pods(agent, "owl") == 0, "its end goes before waking"
    assert "extend it first" in agent.facts(late, "keep_hours")["because"]
    agent.deliver_past(removal, "confirm_removal")
    with pytest.raises(NotOpen, match="owl is closing"):
        wake()
    half = Run(later, "owl", 99, "keep_hours", 1, {"asleep": True}, lambda: True)
    to_hand = {"clusters": agent.clusters, "schedules": agent.schedules}
    keep_awake(HoursChanged(environment="owl"), run=half, **to_hand)
    assert pods(agent, "owl") == 0, "not even an undo wakes it"
    assert agent.finish(removal) == "succeeded", agent.reason(removal)
    assert len(agent.facts(removal, "prove_removed")["looked_for"]) == 5
    assert nothing_is_left(agent, machine, "owl")
    assert agent.finish(later) == "succeeded"
    assert agent.facts(later, "keep_hours")["asleep"] is None
    with agent.ledger.transaction() as tx:
        assert all_hours(tx) == {}
    assert go_to(agent, agent.time) == []


def test_nothing_is_made_from_a_copy_that_is_not_what_was_certified(
    agent: Agent, machine: Machine
) -> None:
    [copy] = certified_copies(machine.databases, SERVER, "acme_staging")
    newer = "acme_staging_certified_ffffffff"
    marker = marker_of(copy.marker, run_id="another", epoch=99)
    clone_inside(machine.databases, SERVER, copy.database, newer, marker)

    run = agent.request("unsure")

    assert agent.finish(run) == "failed"
    assert "NotCertified" in agent.reason(run)
    assert nothing_is_left(agent, machine, "unsure")
    machine.databases.drop(SERVER, newer)


def test_a_clone_that_died_as_it_was_made_is_made_anew_and_a_cancelled_run_is_undone(
    agent: Agent, machine: Machine
) -> None:
    run = agent.request("torn")
    agent.deliver_past(run, "accept_request")
    with psycopg.connect(machine.postgres.dsn(), autocommit=True) as connection:
        connection.execute("create database qa_torn allow_connections false")
    agent.deliver_past(run, "furnish_namespace")
    assert "qa_torn" in machine.names("qa_torn")
    with pytest.raises(OperationalError, match="not permitted to log in"):
        psycopg.connect(secret(agent, "torn")["url"])

    cancel(agent.ledger, agent.post, run, by="ana", reason="not needed any more")

    assert agent.finish(run) == "failed"
    assert agent.left_behind(run) == []
    assert nothing_is_left(agent, machine, "torn")


class Refusing:
    """Blob storage that takes nothing, and lets nothing go."""

    def __init__(self, blobs: Any) -> None:
        self._real = blobs

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def upload(self, path: str, _content: bytes) -> None:
        raise BlobsRefused(f"Storage refuses {path}.")

    def delete(self, path: str) -> None:
        """Forget to."""


def foreign_database(agent: Agent, machine: Machine) -> Callable[[], object]:
    machine.postgres.create_database("qa_torn")
    return lambda: machine.postgres.drop_database("qa_torn")


def foreign_namespace(agent: Agent, machine: Machine) -> Callable[[], object]:
    agent.api.create("Namespace", "", {"metadata": {"name": "qa-torn"}})
    return lambda: agent.api.delete("Namespace", "", "qa-torn")


def policy_changed(agent: Agent, machine: Machine) -> Callable[[], object]:
    """Since the copy was masked: by another rule than the one of today."""
    with psycopg.connect(machine.postgres.dsn("qa_torn")) as connection:
        connection.execute("update signalbox.masked_tables set policy_hash = 'another'")
    return lambda: None


@pytest.mark.parametrize(
    ("behind", "broken", "said"),
    [
        ("accept_request", foreign_database, "NameInUse"),
        ("adapt_clone", foreign_namespace, "NamespaceTaken"),
        ("copy_clone_files", policy_changed, "CloneUnfit: .*masking-finished"),
    ],
)
def test_what_fails_leaves_nothing_of_ours_and_all_of_others(
    behind: str,
    broken: Callable[[Agent, Machine], Callable[[], object]],
    said: str,
    agent: Agent,
    machine: Machine,
) -> None:
    run = agent.request("torn")
    agent.deliver_past(run, behind)
    mend = broken(agent, machine)

    assert agent.finish(run) == "failed"

    assert re.search(said, agent.reason(run)), agent.reason(run)
    assert agent.left_behind(run) == []
    if broken is foreign_database:
        assert machine.names("qa_torn") == ["qa_torn"]
    if broken is foreign_namespace:
        assert is_there(agent, "Namespace", "", "qa-torn")
    mend()
    assert nothing_is_left(agent, machine, "torn")


def test_what_is_gone_already_is_no_obstacle_and_what_stays_fails_the_removal(
    agent: Agent, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sync_files.__kwdefaults__, "budget", timedelta(0))  # files take two looks
    assert agent.finish(agent.request("half")) == "succeeded"
    early = agent.remove("half", by=None)
    assert agent.finish(early) == "failed"
    assert "NotExpired" in agent.reason(early), "its time is not over, and nobody is named"
    machine.postgres.create_database("qa_half_before_0a1b2c3d")
    place = agent.on_request.named("half").place
    looked = traces(place, machine.clusters.of(place), machine.databases, machine.blobs)
    assert all(each.is_there for each in looked), "a look that sees nothing proves nothing"
    agent.api.delete("Namespace", "", "qa-half")
    machine.postgres.drop_database("qa_half")
    agent.blobs = Refusing(machine.blobs)

    kept = agent.remove("half")

    assert agent.finish(kept) == "failed"
    assert "SomethingLeft: half is not gone: files in filestore/on-request/half/" in agent.reason(
        kept
    )
    assert agent.on_request.named("half").status == "closing", "its name stays taken"
    announce_owed_removals(agent.runner)
    [reminder] = [json.loads(e.body) for e in agent.bus.sent if e.subject == RemovalOwed.type]
    assert reminder["data"]["run"] == str(kept)
    owed = agent.on_request.failed_removals()["half"]
    assert (owed.run, owed.runs, owed.removed_by) == (kept, 2, "ana"), "the early one failed, too"

    agent.blobs = machine.blobs
    assert watch(agent) == [], "it pauses"
    assert owed.again_at is not None
    agent.time = owed.again_at
    asked, same = watch(agent) + watch(agent)  # as two hosts do
    agent.accept(asked)
    agent.accept(same)
    [again] = agent.ledger.runs_of_event(asked.source, asked.id)
    assert watch(agent) == [], "it is at work"
    assert agent.finish(again) == "succeeded", agent.reason(again)
    assert agent.facts(again, "confirm_removal")["removed_by"] == "ana"
    assert nothing_is_left(agent, machine, "half")
    assert watch(agent) == []


def test_what_is_in_the_way_and_what_would_live_too_long_is_refused_at_once(
    agent: Agent, machine: Machine
) -> None:
    machine.postgres.create_database("qa_early")

    occupied, long = agent.request("early"), agent.request("long", hours=24 * 8)

    assert agent.finish(occupied) == "failed"
    assert "PlaceTaken" in agent.reason(occupied)
    assert "database erp-nonprod/qa_early" in agent.reason(occupied)
    assert machine.names("qa_early") == ["qa_early"]
    assert agent.finish(long) == "failed"
    assert "LivesTooLong: qa-small lives for 7 days" in agent.reason(long)
    machine.postgres.drop_database("qa_early")
    assert nothing_is_left(agent, machine, "early")


def test_no_environment_is_made_from_which_production_could_be_reached(
    agent: Agent, machine: Machine
) -> None:
    agent.change_offer(egress=(Egress(cidr=IPv4Network("127.0.0.0/28"), ports=(443, 5432)),))

    wide = agent.request("wide")

    assert agent.finish(wide) == "failed"
    assert "ProductionInReach: offer qa-small lets pods connect to 127.0.0.0/28" in agent.reason(
        wide
    )
    assert nothing_is_left(agent, machine, "wide")


def test_an_approver_can_be_asked_first(agent: Agent, machine: Machine) -> None:
    beside = Egress(cidr=IPv4Network("127.0.0.0/29"), ports=(5432,))
    other_port = Egress(cidr=IPv4Network("127.0.0.0/28"), ports=(5433,))
    agent.change_offer(needs_approval=True, egress=(beside, other_port))
    run = agent.request("asked")
    agent.deliver_past(run, None)
    [asked] = agent.approvals.newest(status="waiting", environment="asked")
    assert "ana gets asked for 24 hours" in asked.plan["action"]

    agent.approvals.reject(asked.id, plan=asked.plan_sha256, person="ben", reason="too many")

    assert agent.finish(run) == "failed"
    assert nothing_is_left(agent, machine, "asked")
