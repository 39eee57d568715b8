"""Whether environments sleep, and what people want otherwise than schedules say."""

from dataclasses import dataclass
from datetime import datetime

from shared.ledger.transaction import Transaction


@dataclass(frozen=True, slots=True)
class HoursRecord:
    """What is known of one environment."""

    environment: str
    """Its name; of one on request the id of the run that made it."""
    asleep: bool = False
    """As far as a run has brought it."""
    since_at: datetime | None = None
    override_asleep: bool | None = None
    """What a person wants; None: nothing but the schedule."""
    override_until: datetime | None = None
    """None: until the person, or another one, says otherwise."""
    override_by: str | None = None
    override_reason: str | None = None
    refreshed_for: datetime | None = None
    """Openings up to this one are done with."""
    skipped_by: str | None = None
    """Who passed that opening over; None: it was refreshed."""
    number: int = 0
    """Grows with each change."""


def hours_of(tx: Transaction, environment: str) -> HoursRecord:
    return tx.row(HoursRecord, "hours", environment=environment) or HoursRecord(environment)


def all_hours(tx: Transaction) -> dict[str, HoursRecord]:
    """By environment; those that nothing is known of are left out."""
    return {each.environment: each for each in tx.rows(HoursRecord, "hours", environment=None)}


def record_hours(tx: Transaction, environment: str, *, asleep: bool, epoch: int) -> None:
    """Keep what a run has brought about; an older epoch changes nothing."""
    tx.do("record_hours", environment=environment, asleep=asleep, epoch=epoch)


def override_hours(
    tx: Transaction,
    environment: str,
    *,
    asleep: bool | None,
    until: datetime | None,
    by: str | None,
    reason: str | None,
) -> int:
    """Keep what a person wants, or nothing any more; returns the change's number."""
    [(number,)] = tx.all_of(
        "override_hours", environment=environment, asleep=asleep, until=until, by=by, reason=reason
    )
    return int(number)


def take_refresh(
    tx: Transaction, environment: str, opening: datetime, *, skipped_by: str | None = None
) -> bool:
    """Be done with an opening; False when somebody was before."""
    return bool(
        tx.all_of("take_refresh", environment=environment, opening=opening, skipped_by=skipped_by)
    )
