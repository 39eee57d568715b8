"""What must hold on a new primary before it is trusted; each check can fail, none changes a row."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import LiteralString

import psycopg

from shared.blobs import Blobs
from shared.errors import StepError
from shared.estate import Environment, Secrets
from shared.messages.failover import Finding
from shared.odoo.checks import Outcome, verdict
from shared.odoo.clone import installed_modules
from shared.odoo.data_checks import posted_entries_balance, sequences_are_ahead, stock_matches_moves
from shared.odoo.login import log_in
from shared.postgres.fencing import prove_fenced
from shared.postgres.marker import Database
from shared.postgres.placement import read_placement

RECENT = timedelta(hours=1)
"""Whose attachments are looked for: older ones were replicated long ago."""

NECESSARY = ("odoo-can-write", "marked-as-active", "sequences-ahead")
"""Without these Odoo would do harm; the others are findings, which hold integrations back."""

_ATTACHMENTS: LiteralString = """
select distinct store_fname from ir_attachment
where store_fname is not null and create_date > %s::timestamptz at time zone 'utc'
"""

_OUTGOING: LiteralString = """
select id from mail_mail
where state = 'outgoing' and create_date > %s::timestamptz at time zone 'utc' order by id
"""

_LAST_ORDERS: LiteralString = """
select distinct on (warehouse_id) name, create_date from sale_order
order by warehouse_id, id desc
"""


@dataclass(frozen=True)
class NewPrimary:
    """The side that was promoted, and how it is asked."""

    side: Environment
    epoch: int
    connection: Database
    """The administrator's, to Odoo's database."""
    odoos_dsn: str
    blobs: Blobs
    secrets: Secrets
    promoted_at: datetime
    complete_until: datetime
    """What the old side sent out before this it has also told the new one."""

    def findings(self) -> Iterator[Finding]:
        """Every check, asked; what could not be asked has failed."""
        modules = installed_modules(self.connection)
        for name, module, ask in self._checks():
            if module is None or module in modules:
                yield self._ask(name, ask)
            else:
                yield Finding(check=name, passed=True, detail=f"{module} is not installed")

    def last_orders(self) -> tuple[str, ...]:
        """The newest order of each warehouse, for the people who work there."""
        if "sale" not in installed_modules(self.connection):
            return ()
        rows = self.connection.execute(_LAST_ORDERS)
        return tuple(f"{name} of {created:%F %T} UTC" for name, created in rows)

    def _checks(self) -> tuple[tuple[str, str | None, Callable[[], Outcome]], ...]:
        connection = self.connection
        return (
            ("odoo-can-write", None, self._odoo_can_write),
            ("marked-as-active", None, self._marked_as_active),
            ("users-can-log-in", None, self._users_can_log_in),
            ("sequences-ahead", None, lambda: sequences_are_ahead(connection)),
            ("posted-entries-balance", "account", lambda: posted_entries_balance(connection)),
            ("stock-matches-moves", "stock", lambda: stock_matches_moves(connection)),
            ("attachments-of-the-last-hour", None, self._attachments_are_there),
            ("mail-not-sent-twice", "mail", self._mail_was_not_sent),
        )

    def _ask(self, name: str, ask: Callable[[], Outcome]) -> Finding:
        try:
            with self.connection.transaction():
                passed, detail, _ = ask()
        except psycopg.Error as error:
            reason = error.diag.message_primary or type(error).__name__
            return Finding(check=name, passed=False, detail=f"could not run: {reason}")
        except StepError as error:
            return Finding(check=name, passed=False, detail=str(error))
        return Finding(check=name, passed=passed, detail=detail)

    def _odoo_can_write(self) -> Outcome:
        proof = prove_fenced(self.odoos_dsn)
        return proof.how == "write-accepted", proof.said, {}

    def _marked_as_active(self) -> Outcome:
        found = read_placement(self.connection, self.side.database.name)
        if found is None or (found.side, found.state) != (self.side.name, "active"):
            return False, f"the database says it is {found and (found.side, found.state)}", {}
        if found.epoch > self.epoch:
            return False, f"the database belongs to epoch {found.epoch}, not {self.epoch}", {}
        return True, f"{found.side} is active since epoch {found.epoch}", {}

    def _users_can_log_in(self) -> Outcome:
        said = log_in(self.side, self.secrets)
        return True, said or "not tried: the estate names no login for this side", {}

    def _attachments_are_there(self) -> Outcome:
        since = self.promoted_at - RECENT
        wanted = [path for (path,) in self.connection.execute(_ATTACHMENTS, (since,))]
        folder = f"{self.side.filestore.container}/{self.side.filestore.prefix}"
        missing = [path for path in wanted if not _is_there(self.blobs, folder + path)]
        return verdict(missing, f"{len(wanted)} files of the last hour", files=len(wanted))

    def _mail_was_not_sent(self) -> Outcome:
        waiting = self.connection.execute(_OUTGOING, (self.complete_until,)).fetchall()
        wrong = [f"mail {id} waits, and may have been sent" for (id,) in waiting]
        return verdict(wrong, "no mail waits that the old side could have sent", mails=len(waiting))


def _is_there(blobs: Blobs, path: str) -> bool:
    return any(blob.path == path for blob in blobs.list(path))
