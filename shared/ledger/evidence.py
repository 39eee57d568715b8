"""Sealed records on their way to blob storage, and the chain that they form."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.ledger.ledger import Ledger


@dataclass(frozen=True, slots=True)
class SealedRun:
    """The evidence of a run, and its place in the chain of its environment."""

    run_id: UUID
    environment: str
    number: int
    """From 1, without a gap."""
    sealed_at: datetime
    body: str
    sha256: str
    """Of ``body`` as canonical JSON."""


@dataclass(frozen=True, slots=True)
class ChainLink:
    """One place of a chain, without the record."""

    number: int
    sha256: str
    copied: bool
    """Whether its bundle is in blob storage."""


class EvidenceCopies:
    """What is to be copied, and what was."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def waiting(self, *, but: Sequence[UUID] = (), limit: int = 100) -> list[SealedRun]:
        """What was sealed and is not known to be in blob storage, oldest first."""
        return self._ledger.rows(SealedRun, "evidence_to_copy", but=list(but), limit=limit)

    def copied(self, runs: Sequence[UUID]) -> None:
        """Remember that their bundles are in blob storage. Safe to repeat."""
        self._ledger.do("evidence_copied", runs=list(runs))

    def chain(self, environment: str) -> list[ChainLink]:
        """Every place of an environment's chain, first to last."""
        return self._ledger.rows(ChainLink, "evidence_chain", environment=environment)
