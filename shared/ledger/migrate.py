"""Bring a ledger forward to the newest schema."""

import structlog
from psycopg import Connection

from shared.ledger.sql import load_migrations

log = structlog.get_logger()

LOCK = 0x5169_6E61_6C42_6F78
"""Advisory lock of everyone who migrates a ledger: the ASCII codes of "SignalBox", shortened."""


class LedgerTooNew(Exception):
    """The ledger was migrated by newer code than this; deploy that or newer."""


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
        applied = {number for (number,) in conn.execute("select number from migrations").fetchall()}
        if unknown := applied - migrations.keys():
            raise LedgerTooNew(f"the ledger has migrations {sorted(unknown)} that this code lacks")
        missing = [number for number in migrations if number not in applied]
        for number in missing:
            conn.execute(migrations[number])
            conn.execute("insert into migrations (number) values (%s)", [number])
            log.info("ledger_migrated", number=number)
    return missing
