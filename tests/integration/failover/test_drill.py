"""Drills that do not come to their end; test_refresh_flow.py holds one that does."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from azure.storage.blob import BlobServiceClient

from functions.failover.record_drill import record_drill
from shared.blobs import AzureBlobs
from shared.errors import PermanentError
from shared.messages.drills import DrillHeld, DrillPassed, DrillRequested
from shared.messages.failover import RegionDegraded
from shared.runs import Run
from shared.runs.cancelling import cancel
from shared.runs.outbox import Outbox
from tests.backups import manifest
from tests.integration.failover.pair import PRODUCTION, STANDBY, World, wait_until
from tests.unit.failover.test_runbook import closed

if TYPE_CHECKING:
    from infra.local.azurite import Azurite

DRILL = DrillRequested(environment=PRODUCTION)
ANY = DrillRequested(environment=PRODUCTION, manifest="drills/acme-prod/any/manifest.json")


@pytest.fixture(scope="module")
def stored(calm: World, azurite: "Azurite") -> Iterator[World]:
    """With storage that a Job can read from."""
    with BlobServiceClient.from_connection_string(azurite.connection_string) as service:
        service.create_container("drills")
    estate = calm.resources.estate
    environments = [
        each.model_copy(
            update={"backups": each.backups.model_copy(update={"container": "drills"})}
            if each.backups
            else {}
        )
        for each in estate.environments
    ]
    calm.resources = replace(
        calm.resources,
        blobs=AzureBlobs.connect(azurite.connection_string),
        estate=estate.model_copy(update={"environments": tuple(environments)}),
    )
    yield calm
    with BlobServiceClient.from_connection_string(azurite.connection_string) as service:
        service.delete_container("drills")


TEXT = b"not what pg_dump writes"


def backup(world: World, name: str, **otherwise: Any) -> DrillRequested:
    """Put one into storage, and ask for a drill with it."""
    archive = {"path": f"{PRODUCTION}/{name}/database.dump", "size": len(TEXT)}
    archive |= {"sha256": hashlib.sha256(TEXT).hexdigest()} | otherwise.pop("archive", {})
    path = f"drills/{PRODUCTION}/{name}/manifest.json"
    content = manifest(archive=archive, **otherwise).model_dump_json().encode()
    world.resources.blobs.upload(f"drills/{PRODUCTION}/{name}/database.dump", TEXT)
    world.resources.blobs.upload(path, content)
    return DrillRequested(environment=PRODUCTION, manifest=path)


def left(world: World) -> list[str]:
    """What there is of drills beside either side."""
    return [
        found["metadata"]["name"]
        for side in (PRODUCTION, STANDBY)
        for kind in ("Job", "Secret", "Pod")
        for found in world.apis[side].list(kind, side, "")
        if "drill" in found["metadata"]["name"]
    ]


def test_without_a_backup_or_an_image_there_is_no_drill(calm: World) -> None:
    nothing = calm.follow(DRILL)
    assert "NothingToRehearseWith: acme-prod has no backup" in calm.reason(nothing)

    another = calm.resources.estate.clusters
    bare = [each.model_copy(update={"drill_image": None}) for each in another]
    world = replace(
        calm,
        resources=replace(
            calm.resources,
            estate=calm.resources.estate.model_copy(update={"clusters": tuple(bare)}),
        ),
    )
    unheld = world.follow(ANY)

    assert "cluster aks-northeurope has no drill_image" in world.reason(unheld)
    assert calm.record(unheld)["run"]["environment"] == STANDBY
    assert left(calm) == []


def test_a_backup_that_is_damaged_or_somebody_elses_is_not_rehearsed_with(stored: World) -> None:
    damaged = backup(stored, "damaged", archive={"sha256": "0" * 64})
    theirs = backup(stored, "theirs", environment="bolt-prod")

    runs = [stored.follow(each) for each in (damaged, backup(stored, "text"), theirs)]

    first, second, third = map(stored.reason, runs)
    assert "BackupDamaged: acme-prod: the Job signalbox-drill-" in first
    assert "the archive is damaged: expected 23 bytes" in first
    assert "is not a dump in PostgreSQL's custom format" in second
    assert "is a backup of bolt-prod, whose data has no place beside" in third
    assert [stored.ledger.progress(run)[0].attempt for run in runs] == [1, 1, 1]
    wait_until(lambda: not left(stored), "the pod to end")


def test_a_job_that_fails_is_followed_by_one_more(stored: World) -> None:
    run = stored.happen(backup(stored, "gone"))
    stored.work(run, looks=2)
    begun = left(stored)
    stored.resources.blobs.delete(f"drills/{PRODUCTION}/gone/database.dump")

    stored.work(run)

    [step, *_] = stored.ledger.progress(run)
    assert f"signalbox-drill-{run.hex[:8]}" in begun
    assert (step.status, step.attempt) == ("failed", 2)
    assert "BlobMissing" in stored.reason(run)
    wait_until(lambda: not left(stored), "the pod to end")


def test_a_drill_that_is_cancelled_takes_its_pair_with_it(stored: World) -> None:
    run = stored.happen(backup(stored, "cancelled"))
    stored.work(run, looks=2)
    begun = left(stored)

    cancel(stored.ledger, Outbox(stored.ledger, stored.bus).post, run, by="ann", reason="later")
    stored.work(run)

    assert f"signalbox-drill-{run.hex[:8]}" in begun
    assert stored.status(run) == "failed"
    wait_until(lambda: not left(stored), "the pod to end")


def test_while_the_pair_is_failed_over_none_is_held(calm: World) -> None:
    failover = calm.follow(RegionDegraded(environment=PRODUCTION, planned=True))
    assert calm.status(failover) == "running", "it waits for people"

    run = calm.follow(ANY)

    assert "PairIsTurning: acme-prod is being failed over" in calm.reason(run)
    cancel(calm.ledger, Outbox(calm.ledger, calm.bus).post, failover, by="ann", reason="tested")
    calm.work(failover)


@pytest.mark.parametrize(
    ("took", "lost", "claims_hold", "complaint"),
    [
        ("PT59M", 1.5, True, None),
        ("PT61M", 1.5, True, "recovery took 1 h 01 min of 1 h 00 min"),
        ("PT5M", 901.0, True, "the loss was 901.0 s of 15 min 00 s"),
        ("PT5M", None, True, "the loss was unknown"),
        ("PT5M", 0.0, False, "what was claimed did not all hold"),
    ],
)
def test_a_drill_is_kept_whether_or_not_it_passes(
    calm: World, took: str, lost: float | None, claims_hold: bool, complaint: str | None
) -> None:
    found = calm.resources
    run = Run(UUID(int=hash((took, lost)) % 2**64), STANDBY, 1, "record_drill", 1, {}, lambda: True)
    held = DrillHeld(
        production=PRODUCTION,
        side=STANDBY,
        manifest="backups/m.json",
        closed=closed(took=took, lost_seconds=lost, rto="PT1M", rpo="PT1S"),
        lost_orders=3,
        claims_hold=claims_hold,
    )
    given = {"estate": found.estate, "clusters": found.clusters, "history": found.history}

    for _ in range(2):
        if complaint is None:
            passed = record_drill(held, run=run, **given)
            assert isinstance(passed, DrillPassed)
            assert passed.closed.rto_met
        else:
            with pytest.raises(PermanentError, match=complaint):
                record_drill(held, run=run, **given)

    newest, *others = found.history.achieved(PRODUCTION)
    assert newest.passed is (complaint is None)
    assert (newest.source, newest.facts["lost_orders"]) == ("backups/m.json", 3)
    assert newest.facts["rto"] == "PT1H", "the objective of what was rehearsed"
    assert newest.ended_at not in [each.ended_at for each in others]
