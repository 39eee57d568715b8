"""The record of every event, run, step, attempt and unsent message; the bus only carries it."""

from shared.ledger.history import FailoverHistory
from shared.ledger.ledger import Ledger, Transaction
from shared.ledger.migrate import migrate
from shared.ledger.placements import FenceOrder, Placement, Placements, StalePlacement
from shared.ledger.records import (
    Counts,
    Disposition,
    Evidence,
    ParkedMessage,
    Progress,
    ReceivedEvent,
    RunRecord,
    RunSummary,
    StepRecord,
    StuckStep,
)

__all__ = [
    "Counts",
    "Disposition",
    "Evidence",
    "FailoverHistory",
    "FenceOrder",
    "Ledger",
    "ParkedMessage",
    "Placement",
    "Placements",
    "Progress",
    "ReceivedEvent",
    "RunRecord",
    "RunSummary",
    "StalePlacement",
    "StepRecord",
    "StuckStep",
    "Transaction",
    "migrate",
]
