"""The table of the refresh agent."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from functions.refresh import RUNBOOK
from functions.refresh.restore_jobs import job_manifest
from functions.refresh.targets import go_on, look_again, target_of
from shared.estate import load_estate
from shared.runs import Run

HERE = Path(__file__).parents[3]


def run(**checkpoint: object) -> Run:
    return Run(UUID(int=1), "acme-staging", 1, "s", 1, checkpoint, lambda: True)


def test_the_undo_of_a_failed_run_goes_backwards() -> None:
    undo = [action.name for action in RUNBOOK.actions() if action.undoes]

    assert undo == ["swap_back", "drop_certified", "restore_endpoints", "drop_incoming"]


@pytest.mark.parametrize("action", RUNBOOK.actions(), ids=lambda action: action.name)
def test_every_step_says_why_it_is_safe_to_repeat(action) -> None:  # type: ignore[no-untyped-def]
    assert "Safe to repeat: " in (action.handler.__doc__ or "")


def test_looks_come_soon_at_first_and_every_ten_seconds_later() -> None:
    first, fourth, late = (look_again(run(looks=n)).after for n in (0, 3, 10_000))

    assert first == timedelta(seconds=0.3)
    assert first < fourth < late == timedelta(seconds=10)


def test_a_look_keeps_what_is_known() -> None:
    assert look_again(run(looks=1, known="yes"), new=2).checkpoint == {
        "looks": 2,
        "known": "yes",
        "new": 2,
    }
    assert look_again(run(looks=50), looks=0).after == timedelta(seconds=0.3)
    assert go_on(run(known="yes"), "copy", 3, 4, left=1).checkpoint == {
        "known": "yes",
        "left": 1,
        "progress": {"phase": "copy", "done": 3, "of": 4},
    }


def test_names_are_the_runs_own_and_fit_postgresql() -> None:
    estate = load_estate(HERE / "infra" / "local" / "estate.yaml")

    target = target_of(run(), estate)

    assert target.incoming == "acme_staging_incoming_00000000"
    assert target.previous == "acme_staging_before_00000000"
    assert target.job == "signalbox-restore-00000000"


def test_the_job_takes_all_its_settings_from_its_secret() -> None:
    job = job_manifest("signalbox-restore-1", "registry.example/jobs:1")

    (container,) = job["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "registry.example/jobs:1"
    assert container["envFrom"] == [{"secretRef": {"name": "signalbox-restore-1"}}]
    assert "env" not in container
    assert job["spec"]["backoffLimit"] == 0
