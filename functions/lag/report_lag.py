"""The last step: give the load back, or tell people what to expect."""

from functions.lag.easing import restore
from shared.cluster import Clusters
from shared.estate import Estate
from shared.ledger import Placements
from shared.messages.announcements import LagEscalated
from shared.messages.lag import LagReported, LagWatched
from shared.runs import Run
from shared.runs.announcing import Announcing
from shared.runs.hours import Schedules


def report_lag(
    watched: LagWatched,
    *,
    run: Run,
    estate: Estate,
    clusters: Clusters,
    schedules: Schedules,
    placements: Placements,
    announcing: Announcing,
) -> LagReported:
    """Restore what was eased once the standby has caught up; else escalate, and leave it eased.

    Safe to repeat: giving back is, and the announcement is made once.
    """
    promotable = placements.of(run.environment).promotable
    if watched.recovered:
        restore(run.environment, estate, clusters, schedules, epoch=run.epoch)
    else:
        announcing.say(
            run,
            LagEscalated,
            standby=watched.standby,
            seconds=watched.seconds_after,
            rpo_seconds=estate.environment(run.environment).rpo.total_seconds(),
            outlook=outlook(watched),
            promotable=promotable,
        )
    return watched.become(LagReported, promotable=promotable)


def outlook(watched: LagWatched) -> str:
    """What to expect if it goes on like this, in a sentence."""
    gains, minutes = watched.gains_per_second, watched.watched_seconds / 60
    after = f"{watched.seconds_after:.0f} s behind after {minutes:.0f} min of eased load"
    if gains is None:
        return f"{after}; too few measurements to project"
    if gains > 0:
        when = watched.reaches_rpo_at
        limit = f", past the RPO at {when:%F %T} UTC" if when else ""
        return f"{after}, falling back {gains * 60:.0f} s a minute{limit}"
    return f"{after}, catching up {-gains * 60:.0f} s a minute"
