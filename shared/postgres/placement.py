"""The placement marker: which side of a pair a database is, as far as it knows itself.

It is the database's comment, so it is read without connecting to the database, changes in one
transaction with the rights that it speaks of, and travels to the standby with everything else.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from shared.errors import StaleEpoch
from shared.postgres.asking import Database, comment_of, write_comment

_PREFIX = "signalbox placement "
_LOCK = 0x5167_6E61_6C50_6C61
"""The advisory lock under which placements of a server change."""


@dataclass(frozen=True)
class Placement:
    """What a database says about its place in a pair."""

    side: str
    """The environment that is served from here, or was until it was fenced."""
    state: Literal["active", "fenced"]
    epoch: int
    run_id: str
    at: datetime
    connect: tuple[str, ...] = ()
    """Who could connect before it was fenced, to be given back; ``public`` means everybody."""
    comment: str | None = None
    """What somebody else had written into the comment before."""

    @classmethod
    def now(
        cls,
        side: str,
        state: Literal["active", "fenced"],
        *,
        epoch: int,
        run_id: str,
        connect: tuple[str, ...] = (),
    ) -> "Placement":
        """A placement that begins now."""
        return cls(side, state, epoch, run_id, datetime.now(UTC), connect)

    def as_comment(self) -> str:
        """The placement as a database comment."""
        return _PREFIX + json.dumps(asdict(self) | {"at": self.at.isoformat()})

    @classmethod
    def from_comment(cls, comment: str | None) -> "Placement | None":
        """The placement in a comment; None when it is no placement of ours."""
        if comment is None or not comment.startswith(_PREFIX):
            return None
        facts = json.loads(comment.removeprefix(_PREFIX))
        facts |= {"at": datetime.fromisoformat(facts["at"]), "connect": tuple(facts["connect"])}
        return cls(**facts)


def read_placement(connection: Database, database: str) -> Placement | None:
    """The placement of a database of the connected server, a standby included."""
    return Placement.from_comment(comment_of(connection, database))


def write_placement(connection: Database, database: str, placement: Placement) -> None:
    """Write the placement; a comment of somebody else's is kept in it."""
    found = comment_of(connection, database)
    was = Placement.from_comment(found)
    kept = replace(placement, comment=was.comment if was else found)
    write_comment(connection, database, kept.as_comment())


@contextmanager
def changing_placement(
    connection: Database, database: str, *, epoch: int
) -> Iterator[Placement | None]:
    """A transaction in which the placement may change, one at a time on the whole server.

    Raises StaleEpoch when the database has seen a newer epoch.
    """
    # A database is read-only by default once it is fenced, and so may be the one we are in.
    with connection.transaction():
        connection.execute("set transaction read write")
        # A synchronous standby that is gone would hold up the commit for ever.
        connection.execute("set local synchronous_commit = local")
        connection.execute("select pg_advisory_xact_lock(%s)", (_LOCK,))
        found = read_placement(connection, database)
        refuse_stale(found, database, epoch)
        yield found


def refuse_stale(placement: Placement | None, database: str, epoch: int) -> None:
    """Raise StaleEpoch when the placement is of a newer epoch."""
    if placement is not None and placement.epoch > epoch:
        raise StaleEpoch(
            f"database {database} is {placement.state} as {placement.side} since epoch "
            f"{placement.epoch} (run {placement.run_id}); epoch {epoch} is over and must stop"
        )
