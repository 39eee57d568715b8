"""Keep what was promised when nobody is looking.

Messages that a crash left unsent are sent, steps that nobody works on are driven on or ended,
runs that take too long are announced, approvals that nobody decides escalate and expire, standbys
are watched, old primaries are fenced the moment they are back, databases kept as checkpoints and
environments on request go when their time is over, environments sleep and are refreshed by their
schedules, logins are exchanged in time, what promoted servers lack is repaired or reminded of, and
the evidence of runs that ended is signed and copied to blob storage.
What ended long ago is forgotten, and where somebody draws measurements, they are reported.
"""

from datetime import timedelta

from functions.upkeep.certificates import watch_certificates
from functions.upkeep.debts import announce_owed, settle_debts
from functions.upkeep.drills import announce_due_drills
from functions.upkeep.environments import watch_environments
from functions.upkeep.evidence import copy_evidence
from functions.upkeep.fence_orders import FENCE_WATCH, execute_fence_orders
from functions.upkeep.hours import publish_due_refreshes, watch_hours
from functions.upkeep.logins import watch_logins
from functions.upkeep.retention import forget_old_records
from functions.upkeep.standbys import forget_samples, watch_standbys
from functions.upkeep.workloads import look_at_workloads
from shared.estate import Estate
from shared.ledger import Ledger
from shared.postgres import Databases
from shared.postgres.checkpoints import drop_expired_checkpoints
from shared.postgres.clones import drop_superseded_copies
from shared.runs import Runner, deciding
from shared.runs.outbox import Outbox
from shared.runs.watchdog import announce_overdue, redrive, stuck_steps
from shared.telemetry import Telemetry
from shared.telemetry.measuring import readings

__all__ = [
    "FENCE_WATCH",
    "announce_due_drills",
    "announce_overdue_runs",
    "announce_owed",
    "close_approvals",
    "copy_evidence",
    "drop_checkpoints",
    "execute_fence_orders",
    "forget_old_records",
    "forget_samples",
    "look_at_workloads",
    "publish_due_refreshes",
    "redrive_stuck_steps",
    "report_measurements",
    "send_left_behind",
    "settle_debts",
    "watch_certificates",
    "watch_environments",
    "watch_hours",
    "watch_logins",
    "watch_standbys",
]


def send_left_behind(outbox: Outbox, older_than: timedelta) -> None:
    outbox.send_left_behind(older_than=older_than)


def redrive_stuck_steps(ledger: Ledger, runner: Runner, grace: timedelta) -> None:
    for stuck in stuck_steps(ledger, grace):
        runner.commit(lambda tx, stuck=stuck: redrive(tx, stuck, grace))  # type: ignore[misc]


def announce_overdue_runs(runner: Runner) -> None:
    runner.commit(announce_overdue)


def close_approvals(ledger: Ledger, runner: Runner) -> None:
    """Approvals expire closed: the run of one that nobody decided in time fails."""
    for id in deciding.overdue(ledger):
        runner.commit(lambda tx, id=id: deciding.expire_overdue(tx, id))  # type: ignore[misc]
    runner.commit(deciding.escalate)


def drop_checkpoints(estate: Estate, databases: Databases, ledger: Ledger) -> None:
    """And certified copies of which a refresh has kept a newer one."""
    drop_expired_checkpoints(estate, databases, ledger.clock())
    for name in {offer.source for offer in estate.offers}:
        place = estate.environment(name).database
        drop_superseded_copies(databases, place.server, place.name)


def report_measurements(telemetry: Telemetry, ledger: Ledger, estate: Estate) -> None:
    telemetry.observe(readings(ledger, estate))
