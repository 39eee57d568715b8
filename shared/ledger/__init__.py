"""The record of every event, run, step, attempt and unsent message; the bus only carries it."""

from shared.ledger.evidence import ChainLink, EvidenceCopies, SealedRun
from shared.ledger.history import FailoverHistory
from shared.ledger.ledger import Ledger
from shared.ledger.migrate import migrate
from shared.ledger.placements import FenceOrder, Pair, Placement, Placements, StalePlacement
from shared.ledger.records import (
    Counts,
    Disposition,
    Evidence,
    Link,
    ParkedMessage,
    Progress,
    ReceivedEvent,
    RunRecord,
    RunSummary,
    StepRecord,
    StuckStep,
)
from shared.ledger.transaction import Transaction

__all__ = [
    "ChainLink",
    "Counts",
    "Disposition",
    "Evidence",
    "EvidenceCopies",
    "FailoverHistory",
    "FenceOrder",
    "Ledger",
    "Link",
    "Pair",
    "ParkedMessage",
    "Placement",
    "Placements",
    "Progress",
    "ReceivedEvent",
    "RunRecord",
    "RunSummary",
    "SealedRun",
    "StalePlacement",
    "StepRecord",
    "StuckStep",
    "Transaction",
    "migrate",
]
