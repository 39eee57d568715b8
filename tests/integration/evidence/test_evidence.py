"""From the end of a run to files that others can check: chained, signed, copied, exported."""

import json
import re
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import psycopg
import pytest
from pydantic import BaseModel
from structlog.testing import capture_logs
from typer.testing import CliRunner

from functions.upkeep.evidence import copy_evidence
from shared.errors import PermanentError, TemporaryError
from shared.estate.keyvault import KeyVaultUnreachable
from shared.evidence.bundle import read_bundle
from shared.evidence.checking import examine
from shared.evidence.page import read_page
from shared.evidence.signing import evidence_signer
from shared.ledger import EvidenceCopies, SealedRun
from shared.runs.cancelling import cancel
from shared.runs.evidence import seal
from signalbox.errors import Unusable
from signalbox.evidence import app
from tests.integration.evidence.conftest import SIGNER, Archive
from tests.integration.runs.conftest import Arrived, fails_once
from tests.integration.runs.market import Market
from tests.memoryblobs import MemoryBlobs


def test_every_run_leaves_a_bundle_and_a_page_in_one_unbroken_chain(archive: Archive) -> None:
    runs = [str(archive.end_a_run()) for _ in range(3)]
    other = archive.end_a_run("south")

    archive.copy()

    verdict = examine(archive.files(), [SIGNER.public_key])
    assert verdict.problems == ()
    assert (len(verdict.records), verdict.pages) == (3, 3)
    assert [(c.environment, c.first, c.last) for c in verdict.chains] == [("north", 1, 3)]
    assert [read_bundle(text).run for text in archive.bundles().values()] == runs
    [south] = (path for path in archive.files("south") if path.endswith(".json"))
    assert south == f"{archive.container}/south/00000001-{other}.json"
    assert archive.copies.waiting() == []


def test_the_bundle_is_the_record_that_the_announcement_speaks_of(archive: Archive) -> None:
    archive.end_a_run()
    [ended] = [e for e in archive.engine.bus.sent if e.subject == "run-succeeded"]

    archive.copy()

    [content] = archive.bundles().values()
    assert json.loads(ended.body)["data"]["evidence_sha256"] == read_bundle(content).sha256


def test_a_failed_and_a_cancelled_run_are_links_of_the_chain_as_well(archive: Archive) -> None:
    engine = archive.engine
    running = engine.happen(Arrived(environment="north", lorry="running"), id="running")
    waiting = engine.happen(Arrived(environment="north", lorry="waiting"), id="waiting")
    assert waiting is not None
    cancel(engine.ledger, engine.outbox.post, waiting, by="ann", reason="not needed")
    engine.yard.behave = fails_once(PermanentError("no room"))
    engine.deliver_all()

    archive.copy()

    ends = [read_bundle(text).evidence["run"] for text in archive.bundles().values()]
    assert [(end["id"], end["status"]) for end in ends] == [
        (str(waiting), "failed"),
        (str(running), "failed"),
    ]
    assert examine(archive.files()).problems == ()
    assert len(archive.files()) == 4


def test_copying_again_changes_nothing_even_after_a_crash_or_with_a_new_key(
    archive: Archive,
) -> None:
    archive.end_a_run()
    archive.copy()
    before = archive.files()
    archive.tell("update evidence set copied_at = null")  # as if it had crashed in between

    archive.copy(signer=evidence_signer(b"the key was changed in the meantime"))

    assert archive.files() == before
    assert archive.copies.waiting() == []


class Away(MemoryBlobs):
    """Storage that does not answer."""

    def read(self, path: str) -> bytes:
        raise TemporaryError(f"storage is out of reach: {path}")

    def properties(self, path: str) -> Any:
        raise TemporaryError(f"storage is out of reach: {path}")


def test_what_storage_missed_is_copied_when_it_is_back(archive: Archive) -> None:
    run = archive.end_a_run()

    with capture_logs() as logs:
        archive.copy(Away())
    missed = archive.copies.waiting()
    archive.copy()

    assert archive.engine.status(run) == "succeeded"
    assert [sealed.run_id for sealed in missed] == [run]
    assert [entry["event"] for entry in logs] == ["evidence_put_off"]
    assert examine(archive.files()).problems == ()
    assert len(archive.files()) == 2


def test_a_run_ends_although_the_key_is_out_of_reach(archive: Archive) -> None:
    def unreachable() -> Any:
        raise KeyVaultUnreachable("Key Vault acme cannot be reached.")

    run = archive.end_a_run()
    copy_evidence(archive.copies, archive.blobs, archive.container, unreachable)

    assert archive.engine.status(run) == "succeeded"
    assert archive.files() == {}
    assert [sealed.run_id for sealed in archive.copies.waiting()] == [run]


class OneByOne(EvidenceCopies):
    """A batch is one record."""

    def waiting(self, *, but: Sequence[UUID] = (), limit: int = 1) -> list[SealedRun]:
        return super().waiting(but=but, limit=limit)


def test_a_record_that_was_changed_is_never_signed_and_keeps_back_no_other(
    archive: Archive,
) -> None:
    changed, *honest = (archive.end_a_run() for _ in range(3))
    archive.tell(
        "update evidence set body = jsonb_set(body, '{run,status}', '\"failed\"')"
        " where run_id = %s",
        changed,
    )

    with capture_logs() as logs:
        copies = OneByOne(archive.engine.ledger)
        copy_evidence(copies, archive.blobs, archive.container, lambda: SIGNER)

    assert [read_bundle(text).run for text in archive.bundles().values()] == list(map(str, honest))
    [refused] = [entry for entry in logs if entry["event"] == "evidence_not_copied"]
    assert refused["run"] == str(changed)
    assert "was changed after it was sealed" in refused["reason"]


@pytest.mark.parametrize("planted", [b"{}", b"another"], ids=["rubbish", "of another run"])
def test_what_is_in_a_bundles_place_is_never_replaced(archive: Archive, planted: bytes) -> None:
    first = archive.end_a_run()
    archive.copy()
    [content] = archive.bundles().values()
    second = archive.end_a_run()
    planted = content if planted == b"another" else planted
    place = f"{archive.container}/north/00000002-{second}.json"
    archive.blobs.upload(place, planted)

    with capture_logs() as logs:
        archive.copy()

    assert archive.files()[place] == planted
    assert [entry["event"] for entry in logs] == ["evidence_not_copied"]
    assert [sealed.run_id for sealed in archive.copies.waiting()] == [second]
    assert archive.ask("select run_id from evidence where copied_at is not null") == [(first,)]


def test_two_runs_that_end_at_once_are_linked_one_behind_the_other(archive: Archive) -> None:
    """The second waits for the first one's transaction, and then follows it."""
    ledger, engine = archive.engine.ledger, archive.engine
    runs = [engine.happen(Arrived(environment="north", lorry=n), id=n) for n in ("7", "8")]

    def end(run: Any) -> None:
        with ledger.transaction() as tx:
            seal(tx, run)

    with ledger.transaction() as tx:
        seal(tx, runs[0])
        second = threading.Thread(target=end, args=(runs[1],))
        second.start()
        wait_until_somebody_waits(archive.url)
    second.join(20)

    chain = "select run_id, number, body #>> '{chain,previous}', sha256 from evidence order by 2"
    (one, first, nothing, digest), (two, later, previous, _) = archive.ask(chain)
    assert [one, two] == runs
    assert (first, nothing, later, previous) == (1, None, 2, digest)


def wait_until_somebody_waits(url: str) -> None:
    deadline = time.monotonic() + 20
    query = "select count(*) from pg_locks where not granted"
    with psycopg.connect(url, autocommit=True) as conn:
        while conn.execute(query).fetchone() == (0,):
            assert time.monotonic() < deadline, "nobody waits for the interlock"


def test_the_ledger_itself_refuses_a_fork(archive: Archive) -> None:
    archive.end_a_run()
    archive.tell("update interlocks set sealed = 0, last_seal = null")

    with pytest.raises(psycopg.errors.UniqueViolation):
        archive.end_a_run()


def test_the_page_says_who_approved_what(archive: Archive) -> None:
    market = Market(archive.engine)
    market.open()
    market.approve("Bob")
    market.approve("Cem", reason="read <twice>")

    archive.copy()

    [page] = [t for p, t in archive.files("market-e-1").items() if p.endswith(".html")]
    told = " ".join(re.sub(r"<[^>]+>", " ", page.decode()).split())
    assert "Sell : ✓ approved" in told
    assert "crates 1" in told
    assert "Tier 1, 2 needed" in told
    assert "Bob: approve" in told
    assert "Cem: approve: read &lt;twice&gt;" in told


class Person(BaseModel):
    age: int


def _as_a_person(url: str) -> None:
    Person.model_validate({"age": "Jane Doe"})


def _statement(text: bytes) -> Callable[[str], None]:
    def run(url: str) -> None:
        with psycopg.connect(url) as conn:
            conn.execute("create temp table people (name text unique)")
            conn.execute("insert into people values ('Jane Doe')")
            conn.execute(text)

    return run


QUOTES: dict[str, Callable[[str], None]] = {
    "violates unique constraint": _statement(b"insert into people values ('Jane Doe')"),
    "SQLSTATE 22P02": _statement(b"select name::int from people"),
    "unable to parse string as an integer": _as_a_person,
}
"""What errors say in their detail, message or input, and what of it is recorded."""


def test_an_error_that_quotes_a_person_does_not_get_that_far(archive: Archive) -> None:
    for fails in QUOTES.values():
        archive.engine.yard.behave = lambda _, fails=fails: fails(archive.url)
        archive.end_a_run()

    archive.copy()

    assert b"Jane" not in b"".join(archive.files().values())
    for content, told in zip(archive.bundles().values(), QUOTES, strict=True):
        assert told in content.decode()


# -- the command ---------------------------------------------------------------------------------


@dataclass
class Desk:
    """A terminal of this deployment."""

    archive: Archive
    storage: str

    def type(self, *words: str) -> Any:
        session = SimpleNamespace(
            ledger=lambda: nullcontext(self.archive.engine.ledger),
            settings=SimpleNamespace(
                blobs=SimpleNamespace(get_secret_value=lambda: self.storage),
                evidence_container=self.archive.container,
            ),
        )
        return CliRunner().invoke(app, words, obj=lambda: session)


@pytest.fixture
def desk(archive: Archive, azurite: Any) -> Desk:
    return Desk(archive, azurite.connection_string)


def test_what_was_exported_is_verified_offline(desk: Desk, tmp_path: Any) -> None:
    for _ in range(2):
        desk.archive.end_a_run()
    desk.archive.copy()

    exported = desk.type("export", "--environment", "north", "--to", str(tmp_path / "audit"))
    verified = desk.type("verify", str(tmp_path / "audit"), "--key", SIGNER.public_key)

    assert exported.exit_code == 0, exported.output
    assert verified.exit_code == 0, verified.output
    assert "north: 1 to 2" in verified.output
    pages = list((tmp_path / "audit").glob("*.html"))
    assert {read_page(page.read_bytes()) for page in pages} == {SIGNER.public_key}


def test_an_export_of_nothing_says_so_and_makes_no_folder(desk: Desk, tmp_path: Any) -> None:
    done = desk.type("export", "--environment", "nrth", "--to", str(tmp_path / "audit"))

    assert isinstance(done.exception, Unusable)
    assert "no evidence of nrth" in str(done.exception)
    assert not (tmp_path / "audit").exists()


def test_an_export_names_the_runs_that_are_not_in_storage(desk: Desk, tmp_path: Any) -> None:
    desk.archive.end_a_run()
    desk.archive.copy()
    desk.archive.end_a_run()

    done = desk.type("export", "--environment", "north", "--to", str(tmp_path), "--json")

    told = json.loads(done.output)
    assert done.exit_code == 1
    assert (told["sound"], told["missing"], told["problems"]) == (False, [2], [])
