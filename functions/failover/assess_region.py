"""Find out whether production is really down, from witnesses that do not depend on each other."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from functions.failover.conflicts import conflicts_of, refuse_untimely
from functions.failover.losses import expected_loss
from functions.failover.sides import administrators_dsn, now
from functions.failover.witnesses import Verdict, Witnesses, database_answered, planned, verdict
from shared.cluster import Clusters
from shared.errors import PermanentError
from shared.estate import Estate
from shared.lag import Replication
from shared.ledger import Pair, Placements
from shared.messages.failover import RegionAssessed, RegionDegraded, Testimony
from shared.postgres.databases import Databases
from shared.postgres.fencing import administration
from shared.postgres.reach import reach
from shared.postgres.replication import NotAStandby, standby_view
from shared.runs import Again, Run

LOOKS = 4
"""How often the witnesses are asked during the hold-down."""

LONGEST_PAUSE = timedelta(seconds=10)


class NotConfirmed(PermanentError):
    """The active side works: there is nothing to fail over from, whatever the event says."""


class NothingToPromote(PermanentError):
    """The other side is no standby: promoting it would bring old data back as if it were new."""


def assess_region(
    event: RegionDegraded,
    *,
    run: Run,
    estate: Estate,
    clusters: Clusters,
    databases: Databases,
    placements: Placements,
    replication: Replication,
) -> RegionAssessed | Again:
    """Ask the witnesses until the primary has been down for the hold-down, without a break.

    Safe to repeat: it only reads; since when the primary is suspected is in the checkpoint.

    Raises NotConfirmed as soon as the database takes writes, NothingToPromote when the other side
    follows nobody, Unreachable when that does not answer, and SwitchoverUntimely.
    """
    pair = placements.pair(run.environment, estate)
    if promoted := _promoted_before(event, run, pair, placements):
        return promoted
    _refuse_without_standby(pair, databases)
    suspected_at = run.moment("suspected_at") or now()
    testimonies = Witnesses(pair, databases, clusters, event).ask()
    said, why = planned(testimonies) if event.planned else verdict(testimonies)
    if said == "not-confirmed":
        raise NotConfirmed(f"{pair.active.name} is not failed over: {why}. {_words(testimonies)}")
    hold_down = pair.production.failover.hold_down
    if said != "planned" and (left := suspected_at + hold_down - now()) > timedelta(0):
        pause = min(hold_down / LOOKS, LONGEST_PAUSE, left)
        progress = {"reason": f"{why}; must stay so for {left.total_seconds():.1f} s"}
        return Again(pause, {"suspected_at": suspected_at.isoformat(), "progress": progress})
    refuse_untimely(event, conflicts_of(pair.production, estate, now()))
    return assessment(event, pair, said, testimonies, suspected_at, estate, databases, replication)


def assessment(
    event: RegionDegraded,
    pair: Pair,
    said: Verdict,
    testimonies: tuple[Testimony, ...],
    suspected_at: datetime,
    estate: Estate,
    databases: Databases,
    replication: Replication,
) -> RegionAssessed:
    """What is known now, for whoever decides. A forecast goes on whatever the witnesses say."""
    reachable = database_answered(testimonies)
    return RegionAssessed(
        active=pair.active.name,
        standby=pair.standby.name,
        verdict="confirmed" if said == "not-confirmed" else said,
        testimonies=testimonies,
        primary_reachable=reachable,
        loss=expected_loss(
            pair, databases, replication, reachable=reachable, down_since=suspected_at
        ),
        degraded_at=event.since or suspected_at,
        suspected_at=suspected_at,
        assessed_at=now(),
        conflicts=conflicts_of(pair.production, estate, now()),
        despite=event.despite,
    )


def _refuse_without_standby(pair: Pair, databases: Databases) -> None:
    with reach(administration(administrators_dsn(databases, pair.standby))) as connection:
        try:
            standby_view(connection)
        except NotAStandby as error:
            raise NothingToPromote(
                f"{pair.standby.name} is no standby of {pair.active.name} any more ({error}): "
                "publish region-recovered to let it rejoin, or recover from a backup"
            ) from error


def _promoted_before(
    event: RegionDegraded, run: Run, pair: Pair, placements: Placements
) -> RegionAssessed | None:
    """What an earlier run left unfinished behind its promotion; this run goes on from there."""
    placement = placements.of(run.environment)
    if placement.finished or placement.run_id == run.id:
        return None
    return RegionAssessed(
        active=pair.standby.name,
        standby=pair.active.name,
        verdict="confirmed",
        testimonies=(
            Testimony(
                witness="ledger",
                says="down",
                why=f"run {placement.run_id} promoted {pair.active.name} and failed later",
            ),
        ),
        primary_reachable=False,
        loss=None,
        degraded_at=event.since or now(),
        suspected_at=now(),
        assessed_at=now(),
        promoted_before=True,
    )


def _words(testimonies: Sequence[Testimony]) -> str:
    return "; ".join(f"{each.witness}: {each.says} ({each.why})" for each in testimonies)
