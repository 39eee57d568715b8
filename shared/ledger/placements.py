"""Which side of a pair serves production, and which side must not be written to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from psycopg.types.json import Jsonb

from shared.errors import PermanentError
from shared.estate import Environment, Estate
from shared.ledger.ledger import Ledger
from shared.ledger.transaction import Transaction

StandbyState = Literal["streaming", "fenced", "rejoining", "absent"]


class StalePlacement(PermanentError):
    """A newer run has decided which side serves production; this one must stop."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Which side of a pair is production's now."""

    environment: str
    active_side: str
    epoch: int
    run_id: UUID | None
    since_at: datetime
    standby_state: StandbyState
    finished: bool
    """False while users are still being led there, or when the run that did so failed."""
    promotable: bool
    """False when a person has to consent to what would be lost; ``reason`` says why."""
    reason: str | None


@dataclass(frozen=True)
class Pair:
    """Production, the side that serves it, and the side that takes over."""

    production: Environment
    """Its name is the pair's; its addresses, policy and integrations go wherever it is served."""
    active: Environment
    standby: Environment


@dataclass(frozen=True, slots=True)
class FenceOrder:
    """A side that nothing may write to, whenever it is back."""

    environment: str
    side: str
    epoch: int
    run_id: UUID
    ordered_at: datetime
    executed_at: datetime | None
    proof: dict[str, Any] | None


class Placements:
    """The ledger's knowledge of pairs; every change is one short transaction, safe to repeat."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def of(self, environment: str) -> Placement:
        """Where an environment is; on its own side as long as nothing was ever recorded."""
        with self._ledger.transaction() as tx:
            found = tx.row(Placement, "placement", environment=environment)
            since = tx.now
        return found or Placement(
            environment, environment, 0, None, since, "streaming", True, True, None
        )

    def pair(self, environment: str, estate: Estate) -> Pair:
        """The pair of a production environment, as it is placed now. Raises NoStandby."""
        production, standby = estate.pair(environment)
        serves_itself = self.of(environment).active_side == production.name
        sides = (production, standby) if serves_itself else (standby, production)
        return Pair(production, *sides)

    def take(
        self, environment: str, side: str, *, epoch: int, run: UUID, standby_state: StandbyState
    ) -> Placement:
        """Record which side serves now, its users still to be led there.

        Raises StalePlacement when a newer epoch has decided.
        """
        found = self._ledger.persist(
            lambda tx: tx.row(
                Placement,
                "take_placement",
                environment=environment,
                side=side,
                epoch=epoch,
                run=run,
                standby_state=standby_state,
            )
        )
        if found is None:
            raise StalePlacement(
                f"{environment} was placed by a newer epoch than {epoch}: this run must stop"
            )
        return found

    def is_turning(self, environment: str) -> bool:
        """Whether a run that fails it over, or lets the old side rejoin, is not over."""
        with self._ledger.transaction() as tx:
            [(turning,)] = tx.all_of("is_turning", environment=environment)
            return bool(turning)

    def finish(self, environment: str, *, epoch: int, standby_state: StandbyState) -> None:
        """Record that users are where the placement says."""
        self._ledger.do(
            "finish_placement", environment=environment, epoch=epoch, standby_state=standby_state
        )

    def rejoined(self, environment: str, side: str, *, epoch: int) -> None:
        """Record that a side follows the one that serves; its standing fence order ends."""

        def record(tx: Transaction) -> None:
            tx.do(
                "set_standby_state", environment=environment, standby_state="streaming", epoch=epoch
            )
            tx.do("lift_fence", environment=environment, side=side, epoch=epoch)

        self._ledger.persist(record)

    def set_promotable(self, environment: str, promotable: bool, reason: str | None) -> None:
        """Let a failover go on without consent to the loss, or not."""
        self._ledger.do(
            "set_promotable", environment=environment, promotable=promotable, reason=reason
        )

    def order_fence(self, environment: str, side: str, *, epoch: int, run: UUID) -> None:
        """Have a side fenced as soon as it can be reached, by whoever reaches it first."""
        self._ledger.do("order_fence", environment=environment, side=side, epoch=epoch, run=run)

    def fence_executed(
        self, environment: str, side: str, *, epoch: int, proof: Mapping[str, Any]
    ) -> None:
        """Record the proof that a side cannot be written to."""

        def record(tx: Transaction) -> None:
            tx.do(
                "fence_executed",
                environment=environment,
                side=side,
                epoch=epoch,
                proof=Jsonb(dict(proof)),
            )
            tx.do("set_old_side_fenced", environment=environment, side=side)

        self._ledger.persist(record)

    def withdrawn(self, environment: str, side: str, *, epoch: int) -> None:
        """Record that a fenced side has neither routes nor pods any more."""
        self._ledger.do("side_withdrawn", environment=environment, side=side, epoch=epoch)

    def was_withdrawn(self, environment: str, side: str, *, epoch: int) -> bool:
        """Whether that was recorded for this epoch, be the order lifted or not."""
        with self._ledger.transaction() as tx:
            [(found,)] = tx.all_of("was_withdrawn", environment=environment, side=side, epoch=epoch)
            return bool(found)

    def not_withdrawn(self) -> list[FenceOrder]:
        """Orders of sides that were left while their cluster could not be reached."""
        return self._ledger.rows(FenceOrder, "sides_not_withdrawn")

    def lift_fence(self, environment: str, side: str, *, epoch: int) -> None:
        """End a standing order: the side follows the other one, or serves again."""
        self._ledger.do("lift_fence", environment=environment, side=side, epoch=epoch)

    def standing_orders(self, environment: str | None = None) -> list[FenceOrder]:
        """The orders that hold, executed or not."""
        return self._ledger.rows(FenceOrder, "standing_fence_orders", environment=environment)
