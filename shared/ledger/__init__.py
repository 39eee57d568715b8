"""The record of every event, run, step, attempt and unsent message; the bus only carries it."""

from shared.ledger.ledger import Ledger, Transaction
from shared.ledger.migrate import migrate
from shared.ledger.records import (
    AcceptedEvent,
    Counts,
    Evidence,
    ParkedMessage,
    Progress,
    RunRecord,
    RunSummary,
    StepRecord,
    StuckStep,
)

__all__ = [
    "AcceptedEvent",
    "Counts",
    "Evidence",
    "Ledger",
    "ParkedMessage",
    "Progress",
    "RunRecord",
    "RunSummary",
    "StepRecord",
    "StuckStep",
    "Transaction",
    "migrate",
]
