"""See that environments are asleep or awake as they are to be, and refreshed when it is time."""

from datetime import datetime
from functools import partial

import structlog

from shared.backups import newest_manifest
from shared.blobs import Blobs
from shared.estate import Environment, Estate
from shared.ledger import Transaction
from shared.ledger.hours import take_refresh
from shared.messages.refresh import BackupCompleted
from shared.messages.schedules import HoursChanged
from shared.runs import Runner
from shared.runs.hours import SOURCE, Hours, Schedules
from shared.runs.publishing import publish_later

log = structlog.get_logger()


def watch_hours(schedules: Schedules, runner: Runner) -> None:
    """Ask for what is not as it is to be: once, however often and wherever it is noticed."""
    for hours in schedules.all():
        if not hours.settled:
            runner.commit(partial(_ask, hours=hours))


def _ask(tx: Transaction, *, hours: Hours) -> None:
    event = HoursChanged(environment=hours.environment, reason=hours.because)
    publish_later(tx, event, id=hours.id, source=SOURCE)


def publish_due_refreshes(
    schedules: Schedules, estate: Estate, blobs: Blobs, runner: Runner
) -> None:
    """Publish the newest backup to each environment whose refresh is due.

    Safe to repeat: whoever is first is done with the opening in the same transaction.
    """
    for target, opening in schedules.due_refreshes():
        manifest = _newest(target, estate, blobs)
        if manifest is None:
            log.warning("scheduled_refresh_without_backup", environment=target.name)
        else:
            runner.commit(partial(_publish, target=target, opening=opening.at, manifest=manifest))


def _publish(tx: Transaction, *, target: Environment, opening: datetime, manifest: str) -> None:
    if take_refresh(tx, target.name, opening):
        id = f"{target.name}:refresh:{opening:%Y%m%dT%H%MZ}"
        publish_later(tx, refresh_request(target, manifest), id=id, source=SOURCE)


def _newest(target: Environment, estate: Estate, blobs: Blobs) -> str | None:
    source = estate.environment(str(target.refresh_from))
    return newest_manifest(blobs, source.backups) if source.backups else None


def refresh_request(target: Environment, manifest: str) -> BackupCompleted:
    """The event that refreshes this environment and no other."""
    source = str(target.refresh_from)
    return BackupCompleted(environment=source, manifest=manifest, target=target.name)
