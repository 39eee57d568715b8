"""The record of every event, run, step, attempt and unsent message; the bus only carries it."""

from shared.ledger.ledger import Ledger, Transaction
from shared.ledger.migrate import migrate
from shared.ledger.placements import FenceOrder, Placement, Placements, StalePlacement
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
    "FenceOrder",
    "Ledger",
    "ParkedMessage",
    "Placement",
    "Placements",
    "Progress",
    "RunRecord",
    "RunSummary",
    "StalePlacement",
    "StepRecord",
    "StuckStep",
    "Transaction",
    "migrate",
]
