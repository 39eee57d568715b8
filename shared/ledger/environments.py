"""Environments on request: who has which for how long; what each is made of is kept as it was."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from psycopg.types.json import Jsonb

from shared.errors import PermanentError
from shared.estate import Environment, Offer
from shared.ledger.ledger import Ledger
from shared.ledger.transaction import Transaction

Status = Literal["creating", "open", "closing", "closed", "failed"]

FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=30), timedelta(hours=8)
"""Until a removal that failed is tried again: twice as long each time, so six times on the first
day and three times on each that follows."""


class NameTaken(PermanentError):
    """Somebody has an environment of this name, or it is being made or removed."""


class OfferExhausted(PermanentError):
    """There are as many environments of this offer as the estate allows at a time."""


class UnknownOnRequest(PermanentError):
    """There is no environment on request of this name, or none that is open."""


class ExtensionRefused(PermanentError):
    """The environment may not live for that long."""


@dataclass(frozen=True, slots=True)
class OnRequest:
    """An environment that somebody asked for."""

    id: UUID
    """The run that makes it: what is made bears this id, and nothing else is ever removed."""
    name: str
    offer: str
    requested_by: str
    environment: dict[str, Any]
    status: Status
    requested_at: datetime
    expires_at: datetime
    opened_at: datetime | None
    reminded_at: datetime | None
    expired_at: datetime | None
    """When its removal was asked for because its time was over."""
    closed_at: datetime | None

    @property
    def place(self) -> Environment:
        """Where everything of it is, as the estate said when it was asked for."""
        return Environment.model_validate(self.environment)


@dataclass(frozen=True, slots=True)
class Extension:
    """Somebody let an environment live on."""

    extended_by: str
    extended_at: datetime
    until_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class FailedRemoval:
    """An environment that is to go is still there, and nothing removes it at this moment."""

    id: UUID
    """The run that made the environment."""
    name: str
    run: UUID
    """The newest removal."""
    runs: int
    """How many have failed."""
    failed_at: datetime
    reason: str
    removed_by: str | None
    given_up: bool
    """Whether a person cancelled it."""

    @property
    def again_at(self) -> datetime | None:
        """When another one is due; None: when a person orders it."""
        if self.given_up:
            return None
        return self.failed_at + min(FIRST_PAUSE * (1 << min(self.runs - 1, 8)), LONGEST_PAUSE)

    @property
    def outlook(self) -> str:
        """What is to be expected, in a sentence."""
        if self.again_at is None:
            return f"its removal was given up: signalbox environment remove {self.name}"
        times = "once" if self.runs == 1 else f"{self.runs} times"
        return f"its removal failed {times}, and is tried again at {self.again_at:%F %R} UTC"


class EnvironmentsOnRequest:
    """The resource; every change is one short transaction, safe to repeat."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def reserve(
        self, run: UUID, place: Environment, offer: Offer, *, requested_by: str, lives: timedelta
    ) -> OnRequest:
        """Take the name and one of the offer's places. Raises NameTaken, OfferExhausted."""
        return self._ledger.persist(
            lambda tx: _reserve(tx, run, place, offer, requested_by=requested_by, lives=lives)
        )

    def current(self) -> list[OnRequest]:
        """Those that are not over, by name."""
        with self._ledger.transaction() as tx:
            return current(tx)

    def places(self) -> tuple[Environment, ...]:
        """The open ones as the estate would describe them."""
        return tuple(each.place for each in self.current() if each.status == "open")

    def newest(self, *, limit: int = 50) -> list[OnRequest]:
        """Those that are over, too."""
        return self._ledger.rows(OnRequest, "newest_environments_on_request", limit=limit)

    def named(self, name: str) -> OnRequest:
        """The one of this name that is not over. Raises UnknownOnRequest."""
        with self._ledger.transaction() as tx:
            return known(tx, name)

    def of(self, id: UUID) -> OnRequest:
        """The one that a run made, over or not."""
        with self._ledger.transaction() as tx:
            return tx.needed(OnRequest, "environment_by_id", id=id)

    def failed_removals(self) -> dict[str, FailedRemoval]:
        """By name: what is to go, and is still there."""
        found = self._ledger.rows(FailedRemoval, "failed_removals")
        return {each.name: each for each in found}

    def extensions(self, id: UUID) -> list[Extension]:
        return self._ledger.rows(Extension, "environment_extensions", id=id)

    def extend(
        self, name: str, offer: Offer, lives: timedelta, *, by: str, reason: str
    ) -> datetime:
        """Let it live for so long from now; returns until when.

        Raises UnknownOnRequest, ExtensionRefused.
        """
        return self._ledger.persist(
            lambda tx: _extend(tx, name, offer, lives, by=by, reason=reason)
        )

    def opened(self, id: UUID) -> None:
        self._ledger.do("environment_opened", id=id)

    def closing(self, id: UUID) -> None:
        self._ledger.do("environment_closing", id=id)

    def over(self, id: UUID, status: Literal["closed", "failed"]) -> None:
        """Nothing of it is left: its name is free again."""
        self._ledger.do("environment_over", id=id, status=status)


def current(tx: Transaction) -> list[OnRequest]:
    return tx.rows(OnRequest, "environments_on_request")


def not_over(tx: Transaction, name: str) -> OnRequest | None:
    """The one of this name; it stays what it is while this transaction lasts."""
    return tx.row(OnRequest, "environment_on_request", name=name)


def failed_removals(tx: Transaction) -> list[FailedRemoval]:
    return tx.rows(FailedRemoval, "failed_removals")


def known(tx: Transaction, name: str) -> OnRequest:
    """The one of this name that is not over, locked. Raises UnknownOnRequest."""
    found = not_over(tx, name)
    if found is None:
        names = ", ".join(each.name for each in current(tx)) or "none"
        raise UnknownOnRequest(f"there is no environment on request {name}; there are: {names}")
    return found


def _reserve(
    tx: Transaction,
    run: UUID,
    place: Environment,
    offer: Offer,
    *,
    requested_by: str,
    lives: timedelta,
) -> OnRequest:
    tx.all_of("lock_offer", offer=offer.name)
    taken = not_over(tx, place.name)
    if taken is not None:
        _refuse_taken(taken, run)
        return taken
    _refuse_more(offer, [each for each in current(tx) if each.offer == offer.name])
    described: Mapping[str, Any] = place.model_dump(mode="json", by_alias=True)
    return tx.needed(
        OnRequest,
        "insert_environment_on_request",
        id=run,
        name=place.name,
        offer=offer.name,
        requested_by=requested_by,
        environment=Jsonb(described),
        expires_at=tx.now + lives,
    )


def _refuse_taken(taken: OnRequest, run: UUID) -> None:
    if taken.id != run:
        raise NameTaken(
            f"{taken.name} is {taken.status} since {taken.requested_at:%F %T} UTC for "
            f"{taken.requested_by} ({taken.offer}), until {taken.expires_at:%F %T} UTC: extend it "
            "or remove it, or take another name"
        )


def _refuse_more(offer: Offer, there: list[OnRequest]) -> None:
    if len(there) >= offer.at_once:
        owners = ", ".join(f"{each.name} ({each.requested_by})" for each in there)
        raise OfferExhausted(
            f"{offer.name}: there are {len(there)} of {offer.at_once} already: {owners}; remove "
            "one, or raise at_once"
        )


def _extend(
    tx: Transaction, name: str, offer: Offer, lives: timedelta, *, by: str, reason: str
) -> datetime:
    found = known(tx, name)
    until, oldest = tx.now + lives, found.requested_at + offer.longest_in_all
    if found.status != "open":
        raise ExtensionRefused(f"{name} is {found.status}: only what is open can live on")
    if lives > offer.longest:
        raise ExtensionRefused(f"{offer.name} lives on for {offer.longest} at most, not {lives}")
    if until > oldest:
        raise ExtensionRefused(
            f"{name} would get older than {offer.longest_in_all}, which ends at {oldest:%F %T} "
            "UTC: ask for another one, whose data is newer"
        )
    prolong(tx, found.id, until, by=by, reason=reason)
    return until


def prolong(tx: Transaction, id: UUID, until: datetime, *, by: str, reason: str) -> None:
    """Its end is another one from now on, which nobody was reminded of; who said so is kept."""
    tx.do("extend_environment", id=id, until=until)
    tx.do("insert_environment_extension", id=id, by=by, until=until, reason=reason)
