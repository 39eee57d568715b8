"""The clone marker: what tells a database that we restored from one that is somebody's production.

Our own restore writes it twice: as a table inside the database, read before every change to its
rows, and as the database's comment, readable without connecting to it.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import LiteralString

from shared.errors import PermanentError, StaleEpoch
from shared.postgres.asking import Database as Database
from shared.postgres.asking import has_table, one, write_comment

_CREATE: LiteralString = """
create schema if not exists signalbox;
revoke all on schema signalbox from public;
create table if not exists signalbox.clone (
    run_id text not null,
    source_system_identifier text not null,
    source_database text not null,
    epoch bigint not null,
    created_at timestamptz not null,
    only_row boolean primary key default true check (only_row)
);
comment on table signalbox.clone is
    'Only in a database that Signalbox restored itself: this is not production.';
"""

_UPSERT: LiteralString = """
insert into signalbox.clone (run_id, source_system_identifier, source_database, epoch, created_at)
values (%(run_id)s, %(source_system_identifier)s, %(source_database)s, %(epoch)s, %(created_at)s)
on conflict (only_row) do update set
    run_id = excluded.run_id,
    source_system_identifier = excluded.source_system_identifier,
    source_database = excluded.source_database,
    epoch = excluded.epoch,
    created_at = excluded.created_at
where clone.epoch <= excluded.epoch
"""

_READ: LiteralString = """
select run_id, source_system_identifier, source_database, epoch, created_at from signalbox.clone
"""


class NotAClone(PermanentError):
    """The database does not carry the marker that our own restore writes: it may be production."""


@dataclass(frozen=True)
class CloneMarker:
    """Where a clone comes from, and which run may change it."""

    run_id: str
    source_system_identifier: str
    source_database: str
    epoch: int
    created_at: datetime

    @classmethod
    def new(
        cls, run_id: str, source_system_identifier: str, source_database: str, epoch: int
    ) -> "CloneMarker":
        """A marker made now."""
        return cls(run_id, source_system_identifier, source_database, epoch, datetime.now(UTC))

    def as_comment(self) -> str:
        """The marker as a database comment."""
        return "signalbox " + json.dumps({**vars(self), "created_at": self.created_at.isoformat()})

    @classmethod
    def from_comment(cls, comment: str | None) -> "CloneMarker | None":
        """The marker in a database comment; None when somebody else wrote it, or nobody."""
        if comment is None or not comment.startswith("signalbox {"):
            return None
        facts = json.loads(comment.removeprefix("signalbox "))
        return cls(**{**facts, "created_at": datetime.fromisoformat(facts["created_at"])})


def write_marker(connection: Database, marker: CloneMarker) -> None:
    """Mark the connected database as a clone; an older epoch than the one it carries is refused."""
    with connection.transaction():
        connection.execute(_CREATE)
        if connection.execute(_UPSERT, vars(marker)).rowcount == 0:
            raise StaleEpoch(
                f"database {connection.info.dbname} carries a newer epoch than {marker.epoch}: "
                f"run {marker.run_id} has been superseded"
            )
        write_comment(connection, connection.info.dbname, marker.as_comment())


def read_marker(connection: Database) -> CloneMarker | None:
    """The marker inside the connected database, if it is one of our clones."""
    known = has_table(connection, "signalbox.clone")
    return one(connection, CloneMarker, _READ) if known else None


def require_clone(connection: Database, *, run_id: str, epoch: int) -> CloneMarker:
    """The marker, when the connected database was restored by this run and no newer run has it.

    Raises NotAClone without a marker or with another run's, StaleEpoch when its epoch is newer.
    """
    marker = read_marker(connection)
    database = connection.info.dbname
    if marker is None:
        raise NotAClone(
            f"database {database} on {connection.info.host} has no clone marker: only a database "
            "that Signalbox restored may be changed; restore the backup first"
        )
    if marker.epoch > epoch:
        raise StaleEpoch(
            f"database {database} belongs to epoch {marker.epoch}; "
            f"run {run_id} has epoch {epoch} and must stop"
        )
    if marker.run_id != run_id:
        raise NotAClone(
            f"database {database} is the clone of run {marker.run_id}, not of run {run_id}"
        )
    return marker
