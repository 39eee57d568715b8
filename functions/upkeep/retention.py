"""Forget what ended so long ago that nobody needs it in the ledger."""

import time
from datetime import timedelta

import structlog

from shared.ledger.retention import KINDS, Forgettable, Retention

BATCH = 200
"""Rows per transaction: with all that goes with a run, some milliseconds."""

log = structlog.get_logger()


def forget_old_records(
    retention: Retention,
    keep_runs: timedelta,
    keep_evidence: timedelta,
    *,
    at_most: timedelta = timedelta(seconds=20),
) -> None:
    """Delete in small batches until nothing is left that is old enough, or time is over.

    Safe to repeat: the next call goes on.
    """
    end = time.monotonic() + at_most.total_seconds()
    for what in KINDS:
        older_than = keep_evidence if what == "evidence" else keep_runs
        if forgotten := _forget(retention, what, older_than, end):
            log.info("records_forgotten", what=what, number=forgotten)


def _forget(retention: Retention, what: Forgettable, older_than: timedelta, end: float) -> int:
    forgotten = 0
    while time.monotonic() < end:
        batch = retention.forget(what, older_than=older_than, limit=BATCH)
        forgotten += batch
        if batch < BATCH:
            break
    return forgotten
