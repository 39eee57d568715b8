"""Bring a ledger forward to the newest schema."""

import structlog
from psycopg import Connection

from shared.ledger.sql import load_migrations

log = structlog.get_logger()

LOCK = 0x5169_6E61_6C42_6F78
"""Advisory lock of everyone who migrates a ledger: the ASCII codes of "SignalBox", shortened."""


class LedgerTooNew(Exception):
    """The ledger was migrated by newer code than this; deploy that or newer."""


def unapplied(conn: Connection) -> list[int]:
    """The migrations that a ledger lacks, without applying them. Raises LedgerTooNew."""
    row = conn.execute("select to_regclass('migrations') is not null").fetchone()
    return _lacking(conn) if row and row[0] else list(load_migrations(__package__))


def _lacking(conn: Connection) -> list[int]:
    known = load_migrations(__package__)
    applied = {number for (number,) in conn.execute("select number from migrations").fetchall()}
    if unknown := applied - known.keys():
        raise LedgerTooNew(f"the ledger has migrations {sorted(unknown)} that this code lacks")
    return [number for number in known if number not in applied]


def migrate(conn: Connection) -> list[int]:
    """Apply, in one transaction, the migrations that this ledger lacks; return their numbers.

    Several processes may call it at once: one migrates, the others wait and find nothing to do.
    """
    migrations = load_migrations(__package__)
    with conn.transaction():
        conn.execute("select pg_advisory_xact_lock(%s)", [LOCK])
        conn.execute(
            "create table if not exists migrations"
            " (number int primary key, applied_at timestamptz not null default now())"
        )
        missing = _lacking(conn)
        for number in missing:
            conn.execute(migrations[number])
            conn.execute("insert into migrations (number) values (%s)", [number])
            log.info("ledger_migrated", number=number)
    return missing
