"""Connections that cannot hang: what a failover asks of servers that may be dead, cut off or stuck.

A server that is stopped or cut off can still complete a TCP handshake, and then says nothing: its
own time limits do not run. So there is a limit here, on the whole visit.
"""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from enum import StrEnum

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from shared.errors import TemporaryError
from shared.postgres.marker import Database

PATIENCE = timedelta(seconds=2)
"""How long a visit may take, if it does not say otherwise."""

_CONNECT_SECONDS = 2
"""How long it may take to connect: no shorter limit exists."""

_LEAST_SECONDS = 0.5
"""What is left for statements after a slow connection."""

_NOT_READY = ("starting up", "shutting down", "recovery", "not accepting connections")


class Silence(StrEnum):
    """Why a server could not be asked; each is worth something else as testimony."""

    NOBODY_LISTENS = "nobody-listens"
    """The machine refuses the connection, has no route or no such name."""
    NO_ANSWER = "no-answer"
    """It hangs, is cut off, or is too slow."""
    NOT_READY = "not-ready"
    """It answers that it is starting, recovering or shutting down."""
    REJECTED = "rejected"
    """It is alive and does not let us in: password, permission, or too many connections."""


class Unreachable(TemporaryError):
    """A database server could not be asked within the time that a failover has for it."""

    def __init__(self, where: str, silence: Silence, said: str) -> None:
        super().__init__(f"{where}: {silence} ({said})")
        self.silence = silence
        self.said = said


@contextmanager
def reach(dsn: str, *, patience: timedelta = PATIENCE) -> Iterator[Database]:
    """An autocommit connection for a visit that ends within ``patience``, or a second over it.

    Raises Unreachable when it does not connect, breaks off, or is not done in time. What was
    committed before that stays; whether the last statement was is unknown.
    """
    begun, where = time.monotonic(), _place(dsn)
    try:
        connection = psycopg.connect(_impatient(dsn, patience), autocommit=True)
    except psycopg.OperationalError as error:
        raise Unreachable(where, _silence(error), _first_line(error)) from None
    left = patience.total_seconds() - (time.monotonic() - begun)
    with connection, _cut_after(connection, max(left, _LEAST_SECONDS)) as cut:
        try:
            yield connection
        except psycopg.OperationalError as error:
            if cut.is_set() or connection.closed or isinstance(error, _TOO_SLOW):
                raise Unreachable(where, Silence.NO_ANSWER, _first_line(error)) from None
            raise


_TOO_SLOW = (psycopg.errors.QueryCanceled, psycopg.errors.LockNotAvailable)


def _impatient(dsn: str, patience: timedelta) -> str:
    """The connection string with every time limit that libpq and the server know."""
    milliseconds = int(patience.total_seconds() * 1000)
    given = conninfo_to_dict(dsn).get("options") or ""
    limits = f"-c statement_timeout={milliseconds} -c lock_timeout={milliseconds}"
    return make_conninfo(
        dsn,
        connect_timeout=_CONNECT_SECONDS,
        tcp_user_timeout=milliseconds,
        keepalives_idle=1,
        keepalives_interval=1,
        keepalives_count=2,
        options=f"{given} {limits}".strip(),
    )


@contextmanager
def _cut_after(connection: Database, seconds: float) -> Iterator[threading.Event]:
    """Shut the connection's socket down when time is over: whoever waits for it gets an error."""
    cut = threading.Event()

    def shut() -> None:
        cut.set()
        with suppress(OSError, psycopg.OperationalError):
            wire = socket.socket(fileno=connection.fileno())
            try:
                wire.shutdown(socket.SHUT_RDWR)
            finally:
                wire.detach()

    timer = threading.Timer(seconds, shut)
    timer.daemon = True
    timer.start()
    try:
        yield cut
    finally:
        timer.cancel()


def _silence(error: psycopg.OperationalError) -> Silence:
    if isinstance(error, psycopg.errors.ConnectionTimeout):
        return Silence.NO_ANSWER
    said = str(error)
    if "FATAL" not in said:
        return Silence.NO_ANSWER if "closed" in said else Silence.NOBODY_LISTENS
    return Silence.NOT_READY if any(word in said for word in _NOT_READY) else Silence.REJECTED


def _first_line(error: psycopg.Error) -> str:
    return str(error).partition("\n")[0].strip() or type(error).__name__


def _place(dsn: str) -> str:
    found = conninfo_to_dict(dsn)
    return f"{found.get('host', 'localhost')}:{found.get('port', 5432)}/{found.get('dbname', '')}"
