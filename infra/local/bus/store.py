"""What survives the broker's process: one SQLite file, one transaction per turn of its loop."""

import sqlite3
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from infra.local.bus.entities.errors import EntityNotFound
from infra.local.bus.entities.message import Content, DeadLetter, Message, State
from infra.local.bus.entities.namespace import Namespace
from infra.local.bus.entities.sessions import SessionQueue

_SCHEMA = """
create table if not exists entities (
    path text primary key, sequence integer not null
) without rowid;
create table if not exists messages (
    entity text not null, sequence integer not null, content blob not null,
    enqueued_sequence integer not null, enqueued_at integer not null,
    expires_at integer, due_at integer,
    state integer not null, delivery_count integer not null, token blob, locked_until integer,
    is_dead integer not null, reason text, description text,
    primary key (entity, sequence)
);
create table if not exists seen (
    entity text not null, message_id text not null, until integer not null,
    primary key (entity, message_id)
) without rowid;
create index if not exists seen_until on seen (until);
create table if not exists sessions (
    entity text not null, id text not null, state blob, primary key (entity, id)
) without rowid;
"""

Key = tuple[str, int]
Row = tuple[object, ...]


class StoreBusy(Exception):
    """Another broker uses this folder: stop it, or give this one a folder of its own."""


class Store:
    """A journal that is durable after each ``commit``; what a crash cuts off was never confirmed.

    ``synchronous=normal`` in WAL mode outlives the process, not the machine losing power.
    """

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path, isolation_level=None, timeout=0.2)
        try:
            self._open()
        except sqlite3.OperationalError as error:
            self._database.close()
            raise StoreBusy(f"{path} is in use by another broker: stop it first") from error
        self._sequences: dict[str, int] = {}
        self._added: dict[Key, Message] = {}
        self._changed: dict[Key, Message] = {}
        self._removed: set[Key] = set()
        self._seen: dict[tuple[str, str], int] = {}
        self._sessions: dict[tuple[str, str], bytes | None] = {}

    def _open(self) -> None:
        self._database.execute("pragma locking_mode = exclusive")
        self._database.execute("pragma journal_mode = wal")
        self._database.execute("pragma synchronous = normal")
        self._database.executescript(_SCHEMA)

    def numbered(self, entity: str, sequence: int) -> None:
        self._sequences[entity] = sequence

    def added(self, entity: str, message: Message) -> None:
        self._added[entity, message.sequence] = message

    def changed(self, entity: str, message: Message) -> None:
        if (entity, message.sequence) not in self._added:
            self._changed[entity, message.sequence] = message

    def removed(self, entity: str, message: Message) -> None:
        key = entity, message.sequence
        self._changed.pop(key, None)
        if self._added.pop(key, None) is None:
            self._removed.add(key)

    def seen(self, entity: str, message_id: str, until: int) -> None:
        self._seen[entity, message_id] = until

    def session_changed(self, entity: str, session_id: str, state: bytes | None) -> None:
        self._sessions[entity, session_id] = state

    def commit(self) -> None:
        """Make durable what was told since the last commit."""
        if not self._pending():
            return
        self._database.execute("begin immediate")
        self._write()
        self._database.execute("commit")
        self._clear()

    def forget_seen(self, now: int) -> None:
        """Drop the ids whose window for duplicate detection is over."""
        self._database.execute("delete from seen where until <= ?", (now,))

    def close(self) -> None:
        """Close without commit."""
        self._database.close()

    def restore(self, namespace: Namespace, parse: Callable[[bytes], Content]) -> None:
        """Fill the namespace; what belongs to entities that it does not have stays in the file."""
        for path, sequence in self._database.execute("select path, sequence from entities"):
            with suppress(EntityNotFound):
                namespace.find(path).sequence = sequence
        for entity, *columns in self._database.execute(_ALL_MESSAGES):
            with suppress(EntityNotFound):
                namespace.find(entity).restore(_message(columns, parse))
        for entity, message_id, until in self._database.execute(_ALL_SEEN):
            with suppress(EntityNotFound):
                namespace.find(entity).restore_seen(message_id, until)
        for entity, session_id, state in self._database.execute(_ALL_SESSIONS):
            with suppress(EntityNotFound):
                queue = namespace.find(entity)
                if isinstance(queue, SessionQueue):
                    queue.restore_session(session_id, state)

    def _pending(self) -> bool:
        changes = self._sequences, self._added, self._changed, self._removed, self._seen
        return any(changes) or bool(self._sessions)

    def _write(self) -> None:
        self._run(_NUMBER, list(self._sequences.items()))
        self._run(_REMOVE, list(self._removed))
        self._run(_ADD, [_row(*item) for item in self._added.items()])
        self._run(_CHANGE, [_changes(*item) for item in self._changed.items()])
        self._run(_SEE, [(*key, until) for key, until in self._seen.items()])
        self._run(_REMEMBER, [(*key, state) for key, state in self._sessions.items()])

    def _run(self, statement: str, rows: Sequence[Row]) -> None:
        if rows:
            self._database.executemany(statement, rows)

    def _clear(self) -> None:
        self._removed.clear()
        for changes in (self._sequences, self._added, self._changed, self._seen, self._sessions):
            changes.clear()


_NUMBER = "insert or replace into entities (path, sequence) values (?, ?)"
_ADD = f"insert or replace into messages values ({', '.join('?' * 14)})"
_CHANGE = """
update messages set state = ?, delivery_count = ?, token = ?, locked_until = ?
where entity = ? and sequence = ?
"""
_REMOVE = "delete from messages where entity = ? and sequence = ?"
_SEE = "insert or replace into seen values (?, ?, ?)"
_REMEMBER = "insert or replace into sessions values (?, ?, ?)"
_ALL_MESSAGES = "select * from messages order by entity, sequence"
_ALL_SEEN = "select entity, message_id, until from seen order by until"
_ALL_SESSIONS = "select entity, id, state from sessions"


def _row(key: Key, message: Message) -> Row:
    return (
        *key,
        message.content.encoded,
        message.enqueued_sequence,
        message.enqueued_at,
        message.expires_at,
        message.due_at,
        int(message.state),
        message.delivery_count,
        message.token and message.token.bytes,
        message.locked_until,
        message.dead_letter is not None,
        message.dead_letter and message.dead_letter.reason,
        message.dead_letter and message.dead_letter.description,
    )


def _changes(key: Key, message: Message) -> Row:
    return (
        int(message.state),
        message.delivery_count,
        message.token and message.token.bytes,
        message.locked_until,
        *key,
    )


def _message(columns: list[Any], parse: Callable[[bytes], Content]) -> Message:
    (sequence, content, enqueued_sequence, enqueued_at, expires_at, due_at, *mutable) = columns
    (state, delivery_count, token, locked_until, is_dead, reason, description) = mutable
    return Message(
        content=parse(content),
        sequence=sequence,
        enqueued_sequence=enqueued_sequence,
        enqueued_at=enqueued_at,
        expires_at=expires_at,
        due_at=due_at,
        state=State(state),
        delivery_count=delivery_count,
        token=uuid.UUID(bytes=token) if token else None,
        locked_until=locked_until,
        dead_letter=DeadLetter(reason, description) if is_dead else None,
    )
