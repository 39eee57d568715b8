"""Whatever dies in the middle of a refresh, the run ends and staging is what it would have been."""

import re
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import psutil
import psycopg
import pytest

from infra.local.environment_demo import EnvironmentDemo
from infra.local.platform import ESTATE, ROOT, Platform
from infra.local.processes import Child, free_port
from infra.local.program import Program
from signalbox.on_request import show_life
from signalbox.stage import ledger_of
from tests.e2e.site import STAGING, STEPS, Site, open_site, wait_for

TRAINING = "acme-training"
LEDGER = "erp-nonprod"
"""The server of the ledger, of staging and of training."""

IMPATIENT = {
    "SIGNALBOX_LEASE": "PT4S",
    "SIGNALBOX_REDRIVE_AFTER": "PT2S",
    "SIGNALBOX_RESEND_AFTER": "PT2S",
}
"""What is lost is missed after seconds."""

RANDOM = {"ir_config_parameter"}
"""Tables in which a refresh writes new secrets; all others come out the same every time."""

Misfortune = Callable[[Platform], None]

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site whose training system is refreshed from production too."""
    folder = tmp_path_factory.mktemp("chaos")
    estate = folder / "estate.yaml"
    text = ESTATE.read_text()
    estate.write_text(
        text.replace(
            "checkpoint_keep: 12 hours", "checkpoint_keep: 1 day\n    refresh_from: acme-prod"
        )
    )
    with open_site(Platform(folder / "platform", estate=estate, settings=IMPATIENT)) as site:
        yield site


@dataclass(frozen=True)
class Shared:
    """Two refreshes that two hosts had done when a third was coalesced."""

    runs: dict[str, UUID]
    """By environment."""
    ends: list[tuple[str, str | None]]
    again: str
    """What became of an event that came meanwhile."""
    logs: list[str]
    """One of each host."""


@pytest.fixture(scope="module")
def shared(site: Site) -> Shared:
    with another_host(site.platform) as log:
        first, other = site.publish(), site.publish(target=TRAINING)
        site.publish(id=first.id)
        again = site.publish()
        runs = {STAGING: site.run_of(first), TRAINING: site.run_of(other, TRAINING)}
        ends = [site.end_of(run) for run in runs.values()]
        texts = [log.read_text(), (log.parent / "host.log").read_text()]
    return Shared(runs, ends, site.disposition(again.id), texts)


@pytest.fixture(scope="module")
def undisturbed(site: Site, shared: Shared) -> dict[str, str]:
    """A digest of each table of staging after a refresh that nothing disturbed."""
    assert site.attempts(shared.runs[STAGING]) == {step: ["succeeded"] for step in STEPS}
    return masked(site)


def masked(site: Site, environment: str = STAGING) -> dict[str, str]:
    return {t: digest for t, digest in site.digests(environment).items() if t not in RANDOM}


def assert_refreshed_once(site: Site, run: UUID, undisturbed: dict[str, str]) -> None:
    """The run succeeded, all its effects are there, each of them once, and nothing else is."""
    assert site.end_of(run) == ("succeeded", None)
    marker, state = site.marker(), site.state()
    assert marker is not None
    assert marker.run_id == str(run)
    assert masked(site) == undisturbed
    ours = {name for name in state.databases if run.hex[:8] in name}
    assert ours == {f"acme_staging_{kept}_{run.hex[:8]}" for kept in ("before", "certified")}
    assert not state.jobs
    assert state.ready == {"odoo": 1, "odoo-cron": 1}
    assert [outcomes[-1] for outcomes in site.attempts(run).values()] == ["succeeded"] * len(STEPS)
    assert site.ask("select body->'run'->>'status' from evidence where run_id = %s", run) == [
        ("succeeded",)
    ]
    assert site.ask("select reason from parked") == []
    wait_for(lambda: site.ask("select count(*) from outbox") == [(0,)], "the outbox to be sent")


def test_two_hosts_share_the_work_and_do_none_of_it_twice(
    site: Site, shared: Shared, undisturbed: dict[str, str]
) -> None:
    assert shared.ends == [("succeeded", None)] * 2
    assert shared.again == "coalesced"
    assert site.ask("select count(*) from runs") == [(2,)]
    for run in shared.runs.values():
        assert site.attempts(run) == {step: ["succeeded"] for step in STEPS}
        assert all(str(run) in text for text in shared.logs), "one host did nothing for it"
    assert masked(site, TRAINING).keys() == undisturbed.keys()
    assert site.state(TRAINING).databases == {"acme_training"}, "there was none to keep"


def test_a_refresh_survives_the_death_of_every_part(
    site: Site, undisturbed: dict[str, str]
) -> None:
    run = site.run_of(site.publish())
    misfortunes: dict[str, Misfortune] = {
        "restore_backup": death_of("kubernetes"),
        "mask_database": death_of("bus", LEDGER),
        "build_indexes": stop_and_start_everything,
        "copy_filestore": death_of("blobs"),
        "publish_environment": death_of("host"),
    }

    for step, happen in misfortunes.items():
        site.await_work_at(run, step)
        if step == "mask_database":
            await_masking(site, run)
        happen(site.platform)

    assert_refreshed_once(site, run, undisturbed)
    first, *others = site.attempts(run)["mask_database"]
    assert first in {"lost", "retrying"}
    assert others == ["succeeded"]


def death_of(*parts: str) -> Misfortune:
    """Parts of the platform die, and come back."""

    def happen(platform: Platform) -> None:
        for part in parts:
            platform.kill(part)
        for part in parts:
            platform.restart(part)

    return happen


def stop_and_start_everything(platform: Platform) -> None:
    platform.stop()
    platform.start()


def test_a_host_that_hangs_in_a_transaction_neither_blocks_nor_disturbs_who_takes_over(
    site: Site, undisturbed: dict[str, str]
) -> None:
    with another_host(site.platform):
        run = site.run_of(site.publish())
        with held_up(site, run):
            sleeper = host_at_work(site.platform, run)
            sleeper.suspend()

        try:
            wait_for(
                lambda: site.attempts(run)["mask_database"] == ["lost", "succeeded"],
                "another attempt to take over",
                seconds=40,
            )
        finally:
            sleeper.resume()

        assert_refreshed_once(site, run, undisturbed)
        wait_for(lambda: "attempt_outlived" in logs(site.platform, run), "the sleeper to wake")
        assert masked(site) == undisturbed


def test_what_the_demo_of_an_environment_on_request_claims_is_true(
    site: Site, undisturbed: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    platform = site.platform
    with ledger_of(platform) as ledger, closing(EnvironmentDemo(platform, ledger)) as play:
        held = show_life(play, ledger)

    said = capsys.readouterr().out
    assert held, said
    assert said.count("looked for") == 5
    assert masked(site) == undisturbed


@contextmanager
def another_host(platform: Platform) -> Iterator[Path]:
    """A second Functions host on the same bus and ledger; yields its log."""
    child = Child("host-2", platform.folder / "logs")
    options: dict[str, Path | int] = {"app": ROOT, "settings": platform.settings_file, "grace": 5}
    host = Program("host", child, free_port(), options)
    host.start()
    try:
        yield child.log
    finally:
        host.stop()


@contextmanager
def held_up(site: Site, run: UUID) -> Iterator[None]:
    """Within the block masking waits, in a transaction, for a lock on one of its last tables."""
    waiting = """
        select 1 from pg_stat_activity where datname like %s and wait_event_type = 'Lock'
    """
    await_masking(site, run)
    with psycopg.connect(incoming(site, run)) as blocker:
        blocker.execute("lock table res_users in share mode")
        wait_for(lambda: site.ask(waiting, f"%{run.hex[:8]}"), "masking to wait")
        yield


def await_masking(site: Site, run: UUID) -> None:
    """Return when the first tables of the incoming database are being masked."""

    def begun() -> bool:
        """A step ends other sessions when it connects, ours too."""
        with suppress(psycopg.errors.AdminShutdown), psycopg.connect(incoming(site, run)) as looker:
            found = looker.execute("select to_regclass('signalbox.masked_tables')").fetchone()
            return found != (None,)
        return False

    site.await_work_at(run, "mask_database")
    wait_for(begun, "masking to begin")


def incoming(site: Site, run: UUID) -> str:
    return site.platform.server(LEDGER).dsn(f"acme_staging_incoming_{run.hex[:8]}")


def host_at_work(platform: Platform, run: UUID) -> psutil.Process:
    """The host that logged last that it started a step of the run."""
    starts = {
        match["time"]: log.with_suffix(".pid")
        for log in (platform.folder / "logs").glob("host*.log")
        for line in log.read_text().splitlines()
        if str(run) in line and "step_started" in line
        for match in re.finditer(r'"timestamp": ?"(?P<time>[^"]+)"', line)
    }
    note = starts[max(starts)]
    return psutil.Process(int(note.read_text().split()[0]))


def logs(platform: Platform, run: UUID) -> str:
    """What all hosts logged about a run."""
    files = (platform.folder / "logs").glob("host*.log")
    lines = (line for log in files for line in log.read_text().splitlines())
    return "\n".join(line for line in lines if str(run) in line)
