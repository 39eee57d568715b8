"""Keep what was promised when nobody is looking.

Messages that a crash left unsent are sent, steps that nobody works on are driven on or ended,
runs that take too long are announced, approvals that nobody decides escalate and expire, standbys
are watched, old primaries are fenced the moment they are back, databases kept as checkpoints and
environments on request go when their time is over, environments sleep and are refreshed by their
schedules, failovers are rehearsed, logins are exchanged in time, what promoted servers lack is
repaired or reminded of, and the evidence of runs that ended is signed and copied to blob storage.
What ended long ago is forgotten, and where somebody draws measurements, they are reported.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from functions.upkeep.certificates import watch_certificates
from functions.upkeep.debts import announce_owed, settle_debts
from functions.upkeep.drills import announce_due_drills, publish_due_drills
from functions.upkeep.environments import announce_owed_removals, watch_environments
from functions.upkeep.evidence import copy_evidence
from functions.upkeep.hours import publish_due_refreshes, watch_hours
from functions.upkeep.logins import watch_logins
from functions.upkeep.retention import forget_old_records
from functions.upkeep.standbys import forget_lag_samples, watch_standbys
from functions.upkeep.workloads import look_at_workloads
from shared.estate import Estate
from shared.ledger import Ledger
from shared.postgres.checkpoints import drop_expired_checkpoints
from shared.postgres.clones import drop_superseded_copies
from shared.postgres.databases import Databases
from shared.runs import Runner, deciding
from shared.runs.outbox import Outbox
from shared.runs.watchdog import announce_overdue, redrive, stuck_steps
from shared.telemetry import Telemetry
from shared.telemetry.measuring import readings


def send_left_behind(outbox: Outbox, resend_after: timedelta) -> None:
    outbox.send_left_behind(older_than=resend_after)


def redrive_stuck_steps(ledger: Ledger, runner: Runner, redrive_after: timedelta) -> None:
    for stuck in stuck_steps(ledger, redrive_after):
        runner.commit(partial(redrive, stuck=stuck, grace=redrive_after))


def announce_overdue_runs(runner: Runner) -> None:
    runner.commit(announce_overdue)


def close_approvals(ledger: Ledger, runner: Runner) -> None:
    """Approvals expire closed: the run of one that nobody decided in time fails."""
    for id in deciding.overdue(ledger):
        runner.commit(partial(deciding.expire_overdue, id=id))
    runner.commit(deciding.escalate)


def drop_checkpoints(estate: Estate, databases: Databases, ledger: Ledger) -> None:
    """Those whose time is over, and certified copies of which a refresh has kept a newer one."""
    drop_expired_checkpoints(estate, databases, ledger.clock())
    for name in {offer.source for offer in estate.offers}:
        place = estate.environment(name).database
        drop_superseded_copies(databases, place.server, place.name)


def report_measurements(telemetry: Telemetry, ledger: Ledger, estate: Estate) -> None:
    telemetry.observe(readings(ledger, estate))


Timer = tuple[Callable[..., None], str]

TIMERS: tuple[Timer, ...] = (
    (send_left_behind, "*/5 * * * * *"),
    (redrive_stuck_steps, "*/5 * * * * *"),
    (close_approvals, "*/5 * * * * *"),
    (watch_standbys, "*/5 * * * * *"),
    (watch_environments, "*/5 * * * * *"),
    (copy_evidence, "*/5 * * * * *"),
    (watch_hours, "*/15 * * * * *"),
    (announce_overdue_runs, "0 * * * * *"),
    (publish_due_refreshes, "20 * * * * *"),
    (publish_due_drills, "25 * * * * *"),
    (settle_debts, "40 * * * * *"),
    (look_at_workloads, "50 * * * * *"),
    (watch_logins, "40 */5 * * * *"),
    (forget_lag_samples, "30 */10 * * * *"),
    (forget_old_records, "45 */10 * * * *"),
    (drop_checkpoints, "0 7 * * * *"),
    (watch_certificates, "50 10 * * * *"),
    (announce_due_drills, "0 0 6 * * *"),
    (announce_owed, "30 0 6 * * *"),
    (announce_owed_removals, "45 0 6 * * *"),
)
"""When each is done: second, minute, hour, day, month, weekday. Arguments are filled in by name."""
