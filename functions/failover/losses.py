"""What a promotion would lose, and what it has lost."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from psycopg import sql

from functions.failover.sides import administrators_dsn
from shared.lag import Replication
from shared.ledger import Pair
from shared.messages.failover import ExpectedLoss, ModelLoss
from shared.postgres.databases import Databases
from shared.postgres.fencing import administration
from shared.postgres.marker import Database
from shared.postgres.reach import Unreachable, reach
from shared.postgres.replication import (
    NotAPrimary,
    NotAStandby,
    StandbyView,
    lag,
    primary_view,
    standby_view,
)

MODELS = {
    "sale.order": "name",
    "stock.picking": "name",
    "account.move": "name",
    "purchase.order": "name",
    "mail.message": "id",
}
"""What people and partners would miss first, and what they call it."""

SHOWN = 5

RECENT = timedelta(hours=1)

View = TypeVar("View")


def expected_loss(
    pair: Pair,
    databases: Databases,
    replication: Replication,
    *,
    reachable: bool,
    down_since: datetime,
) -> ExpectedLoss | None:
    """What the standby lacks of the primary's last known word; None when it cannot be known.

    Bytes and transactions are as of that word. Seconds cover all that the primary can have done
    until it was seen to be down, after the last moment at which the standby had everything for
    certain. A primary that is not ``reachable`` is not asked again: to find that out takes seconds.
    """
    name = pair.production.name
    asked = _view(administrators_dsn(databases, pair.active), primary_view) if reachable else None
    primary = asked or replication.samples.last_primary(name)
    standby = view_of_standby(pair, databases)
    if standby is None or primary is None:
        return None
    earlier = replication.samples.primary_words(name, within=RECENT)
    found = lag(primary, standby, earlier=earlier)
    moments = [standby.last_commit_at] if standby.last_commit_at else []
    if found.seconds is not None:
        moments.append(found.known_at - timedelta(seconds=found.seconds))
    if not moments:
        return None
    return ExpectedLoss(
        bytes=found.bytes,
        seconds=max(found.seconds or 0.0, (down_since - max(moments)).total_seconds()),
        transactions=found.transactions,
        known_at=found.known_at,
    )


def view_of_standby(pair: Pair, databases: Databases) -> StandbyView | None:
    """The standby's word on itself; None when it does not answer or follows nobody."""
    return _view(administrators_dsn(databases, pair.standby), standby_view)


def _view(dsn: str, look: Callable[[Database], View]) -> View | None:
    try:
        with reach(administration(dsn)) as connection:
            return look(connection)
    except (Unreachable, NotAPrimary, NotAStandby):
        return None


def rows_lost(old: Database, new: Database, since: datetime) -> tuple[ModelLoss, ...]:
    """Rows made since then that the old side has and the new one has not, by model.

    The new side gives the same numbers to other rows: a row is the same only with its time.
    """
    return tuple(
        ModelLoss(model=model, rows=len(lost), newest=tuple(map(str, lost[-SHOWN:])))
        for model, label in MODELS.items()
        if (lost := _only_on(old, new, model.replace(".", "_"), label, since))
    )


def _only_on(old: Database, new: Database, table: str, label: str, since: datetime) -> list[object]:
    query = sql.SQL(
        "select id, create_date, {} from {} where create_date > %s::timestamptz at time zone 'utc'"
        " order by create_date, id"
    ).format(sql.Identifier(label), sql.Identifier("public", table))
    known = set(new.execute(query, (since,)).fetchall())
    return [row[2] for row in old.execute(query, (since,)).fetchall() if row not in known]
