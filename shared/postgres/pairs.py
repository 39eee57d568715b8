"""Both servers of a pair, asked at once and never for longer than a failover can wait."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from shared.errors import StepError
from shared.estate import Environment, Estate, Reference
from shared.postgres.marker import Database
from shared.postgres.reach import reach
from shared.postgres.replication import PrimaryView, StandbyView, primary_view, standby_view

View = TypeVar("View", PrimaryView, StandbyView)


@dataclass(frozen=True)
class Words:
    """What the two servers said of themselves, as far as they answered."""

    primary: PrimaryView | None
    standby: StandbyView | None
    silent: tuple[str, ...]
    """Who did not answer as what it should be, and why."""


class Pairs:
    """Visits servers as their administrator; the DSN is resolved each time."""

    def __init__(self, estate: Estate, resolve: Callable[[Reference], str]) -> None:
        self._estate = estate
        self._resolve = resolve

    def visit(self, primary: Environment, standby: Environment) -> Words:
        """Ask the standby first: what it lacks is then never understated."""
        silent: list[str] = []
        follows = self._ask(standby, standby_view, silent)
        leads = self._ask(primary, primary_view, silent)
        return Words(leads, follows, tuple(silent))

    def _ask(
        self, side: Environment, view: Callable[[Database], View], silent: list[str]
    ) -> View | None:
        server = self._estate.server(side.database.server)
        try:
            with reach(self._resolve(server.url)) as connection:
                return view(connection)
        except StepError as error:
            silent.append(f"{server.name}: {error}")
            return None
