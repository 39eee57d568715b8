"""What promoted servers owe, from the promotion until it is repaired."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from shared.ledger.ledger import Ledger
from shared.ledger.transaction import Transaction
from shared.postgres.promotion_debts import Kind, PromotionDebt


@dataclass(frozen=True, slots=True)
class OpenDebt:
    """A debt as the ledger knows it."""

    id: int
    environment: str
    server: str
    kind: Kind
    what: str
    wanted: str
    found: str
    repair: str
    run_id: UUID
    """The failover that opened it."""
    opened_at: datetime
    checked_at: datetime
    problem: str | None
    """Why the last look at it, or its repair, came to nothing."""


class Debts:
    """Short transactions, safe to repeat."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def owe(
        self, environment: str, server: str, debts: Sequence[PromotionDebt], *, run: UUID
    ) -> None:
        """Record debts of a server; one that is open already stays as it is."""

        def record(tx: Transaction) -> None:
            for debt in debts:
                tx.do(
                    "open_debt",
                    environment=environment,
                    server=server,
                    kind=debt.kind,
                    what=debt.what,
                    wanted=debt.wanted,
                    found=debt.found,
                    repair=debt.repair,
                    run=run,
                )

        self._ledger.persist(record)

    def open(self, environment: str | None = None) -> list[OpenDebt]:
        """Of one environment, or of all, by environment and server."""
        return self._ledger.rows(OpenDebt, "open_debts", environment=environment)

    def seen(self, debt: OpenDebt, found: PromotionDebt | None, problem: str | None) -> None:
        """Record a look at a debt; ``found`` is what it is now, None when that is unknown."""
        now_is = found or debt
        self._ledger.do(
            "see_debt", id=debt.id, found=now_is.found, repair=now_is.repair, problem=problem
        )

    def close(self, debt: OpenDebt, because: Literal["paid", "moot"]) -> None:
        """Paid: the server has it. Moot: the server serves production no more."""
        self._ledger.do("close_debt", id=debt.id, because=because)
