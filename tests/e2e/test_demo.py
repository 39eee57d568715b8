"""``signalbox demo`` as a user runs it: what it shows, how it ends, what it leaves."""

import csv
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from uuid import uuid4

import psutil
import pytest
from psycopg.conninfo import conninfo_to_dict

from infra.local.postgres import PostgresServer
from infra.local.processes import FolderLock
from tests.e2e.site import STEPS
from tests.otlpreceiver import OtlpReceiver, otlp_receiver

DUMPS = Path(__file__).parents[3] / "shared" / "odoo"
SOUGHT = {"email", "email_variant", "phone", "iban", "vat", "secret", "passport"} | {
    "ssn",
    "national_id",
    "login",
}
"""The kinds of planted value that nobody else could have by chance."""

MARK = "SIGNALBOX_TEST_MARK"
CLAIMS = 5

pytestmark = pytest.mark.timeout(450)

CHEATED = """
from contextlib import nullcontext
from io import StringIO
from pathlib import Path
from types import SimpleNamespace

from infra.local.demo import Claim
from signalbox import platform
from signalbox.__main__ import main

nothing = SimpleNamespace(url="nowhere", settings_file=Path("none"))
platform.fresh_platform = platform.ledger_of = lambda _: nullcontext(nothing)
platform.demos.Demo = lambda _: StringIO()
platform._play = lambda *_: platform.show_claims([Claim("true", True), Claim("not true", False)])
main()
"""
"""The demo without a platform and a refresh, and with a claim that does not hold."""


def run_demo(
    folder: Path,
    *options: str | Path,
    play: Sequence[str] = (),
    program: Sequence[str] = ("-m", "signalbox"),
    settings: Mapping[str, str] = {},
) -> "subprocess.CompletedProcess[str]":
    """Run a demo to its end; assert that none of its processes outlives it."""
    mark = uuid4().hex
    done = subprocess.run(
        [sys.executable, *program, "demo", *play, "--folder", folder, *options],
        capture_output=True,
        text=True,
        timeout=400,
        env=os.environ | {"COLUMNS": "160", MARK: mark} | dict(settings),
    )
    left = [process for process in psutil.process_iter() if belongs(process, folder, mark)]
    assert left == []
    if folder.exists():
        with FolderLock(folder):
            pass
    return done


def belongs(process: psutil.Process, folder: Path, mark: str) -> bool:
    """Whether a process was started by the demo, or works in its folder."""
    try:
        places = (process.cwd(), *process.cmdline())
        return process.environ().get(MARK) == mark or any(str(folder) in p for p in places)
    except psutil.Error:
        return False


def shown_claims(output: str) -> tuple[int, int]:
    """How many claims are true and how many are not."""
    return marks(output[output.index("rows masked") :])


def marks(text: str) -> tuple[int, int]:
    return len(re.findall("^✓", text, re.M)), len(re.findall("^✗", text, re.M))


def one_trace(collector: OtlpReceiver) -> set[str]:
    """What the run and its steps are called in the one trace of the one run that was exported."""
    spans = collector.spans.values()
    [whole] = [span for span in spans if span.name == "refresh"]
    trace = [span for span in spans if span.trace_id == whole.trace_id]
    steps = {span.name for span in trace if span.parent_span_id == whole.span_id}
    done = {span.name for span in trace if collector.parent(span) == "attempt"}
    assert collector.parent(whole) == "backup-completed"
    assert done == set(STEPS), "by processes that exported it while the run went on"
    return {whole.name} | (steps - {"publish_outcome", "notify_people"})


def planted_values(folder: Path, server: str, database: str) -> set[str]:
    """The planted values that a database of an ended demo contains."""
    with (DUMPS / "planted_values.tsv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    sought = {row["value"].strip() for row in rows if row["kind"] in SOUGHT}
    with PostgresServer(folder / server) as running:
        facts = {key: str(value) for key, value in conninfo_to_dict(running.dsn(database)).items()}
        dump = subprocess.run(
            [running.bin("pg_dump"), "--data-only", f"--host={facts['host']}",
             f"--port={facts['port']}", f"--username={facts['user']}", database],
            env=os.environ | {"PGPASSWORD": facts["password"]},
            check=True, capture_output=True, text=True,
        ).stdout  # fmt: skip
    return {value for value in sought if value in dump}


def test_the_demo_shows_every_step_and_proves_every_claim(tmp_path: Path) -> None:
    """On a real Odoo's dump where there is one: the sample goes through the same flow elsewhere."""
    dump, filestore = DUMPS / "erp18.dump", DUMPS / "erp18_filestore.tar.gz"
    own = ("--dump", dump, "--filestore", filestore) if dump.exists() else ("--partners", "200")
    production = (
        "Odoo 18.0 from erp18.dump" if dump.exists() else "an invented distribution company"
    )

    with otlp_receiver() as collector:
        exported = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}
        done = run_demo(tmp_path / "demo", *own, settings=exported)

    assert done.returncode == 0, done.stdout + done.stderr
    assert one_trace(collector) == {"refresh", *STEPS}
    assert production in done.stdout
    assert re.findall(r"succeeded (\w+)", done.stdout) == list(STEPS)
    assert shown_claims(done.stdout) == (CLAIMS, 0)
    assert "signalbox --settings" in done.stdout
    if dump.exists():
        assert len(planted_values(tmp_path / "demo", "erp-prod", "acme_prod")) > 200
        assert planted_values(tmp_path / "demo", "erp-nonprod", "acme_staging") == set()


def test_the_releases_of_the_demo_reach_two_rings_and_one_is_undone(tmp_path: Path) -> None:
    done = run_demo(tmp_path / "demo", "--partners", "100", play=("release",))

    assert done.returncode == 0, done.stdout + done.stderr
    ended = re.findall(r"^run \S+ (\w+)$", done.stdout, re.M)
    assert ended == ["succeeded", "succeeded", "failed", "failed", "succeeded"]
    assert "freeze      acme-training waits: the stock count until" in done.stdout
    assert marks(done.stdout[done.stdout.rindex("\n\n✓") :]) == (5, 0)


def test_a_claim_that_is_not_true_fails_the_demo(tmp_path: Path) -> None:
    done = run_demo(tmp_path / "demo", program=("-c", CHEATED))

    assert done.returncode == 1, done.stderr
    assert "✓ true" in done.stdout
    assert "✗ not true" in done.stdout


def test_a_file_that_is_no_dump_is_refused_with_what_to_give_instead(tmp_path: Path) -> None:
    dump = tmp_path / "erp.dump"
    dump.write_text("create table res_partner (id int);")

    done = run_demo(tmp_path / "demo", "--dump", dump)

    assert done.returncode == 2
    assert "pg_dump --format=custom" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "demo").exists()


def test_a_filestore_without_its_database_is_refused(tmp_path: Path) -> None:
    archive = tmp_path / "filestore.tar"
    archive.touch()

    done = run_demo(tmp_path / "demo", "--filestore", archive)

    assert done.returncode == 2
    assert "give --dump too" in done.stderr
    assert not (tmp_path / "demo").exists()


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    mine = tmp_path / "thesis.txt"
    mine.write_text("dear reader")

    done = run_demo(tmp_path)

    assert done.returncode == 2
    assert "Name another folder" in done.stderr
    assert mine.read_text() == "dear reader"
