"""Make sure that nothing writes to the active side any more, or that it cannot once it is back."""

from functions.failover.approve_failover import POLICY
from functions.failover.endpoints import restore, withdraw
from functions.failover.sides import administrators_dsn, fence_side, now, pair_of
from shared.cluster import Clusters
from shared.errors import PermanentError, StepError, TemporaryError
from shared.estate import Estate
from shared.ledger import Pair, Placements
from shared.messages.failover import FailoverApproved, PrimaryFenced
from shared.postgres.databases import Databases
from shared.postgres.fencing import FenceUnreachable, unfence
from shared.postgres.proven_fence import ProvenFence
from shared.postgres.replication import NotAPrimary
from shared.runs import Run, still_mine
from shared.takeover import Takeover


class FenceNotAllowed(PermanentError):
    """The old primary cannot be reached any more, and nobody allowed to promote all the same."""


class NoWayBack(PermanentError):
    """The standby was promoted: the old primary stays fenced, and a person decides what follows."""


def fence_primary(
    approved: FailoverApproved,
    *,
    run: Run,
    estate: Estate,
    clusters: Clusters,
    databases: Databases,
    placements: Placements,
) -> PrimaryFenced:
    """Order the fence first, then withdraw route and workloads, then shut the database and try it.

    A database or a cluster that cannot be reached stays under the order, which is executed when it
    is back (``standing_orders``).

    Safe to repeat: the order is kept per epoch, everything else sets and does not add.

    Raises FenceNotAllowed when it cannot be reached and nobody has agreed to go on without.
    """
    pair = pair_of(approved, run, estate)
    placements.order_fence(run.environment, pair.active.name, epoch=run.epoch, run=run.id)
    still_mine(run)
    withdrawn, said = _withdraw(pair, run, clusters, placements)
    proof: tuple[str, ...] = (said,)
    try:
        fence: ProvenFence | None = fence_active_side(pair, run, clusters, databases, placements)
    except (FenceUnreachable, NotAPrimary) as error:
        refuse_unless_allowed(approved, pair, error)
        proof, fence = (said, str(error)), None
    fenced = approved.become(
        PrimaryFenced, fence="ordered", fence_proof=proof, withdrawn=withdrawn, fenced_at=now()
    )
    return fenced if fence is None else proven(fenced, fence)


def _withdraw(pair: Pair, run: Run, clusters: Clusters, placements: Placements) -> tuple[bool, str]:
    """Whether the active side's cluster did as it was told, and what came of it in words."""
    side = pair.active
    try:
        withdraw(clusters.of(side), side, pair.production, epoch=run.epoch)
    except TemporaryError as error:
        said = f"routes and workloads of {side.name} are withdrawn once its cluster is back"
        return False, f"{said}: {error}"
    placements.withdrawn(run.environment, side.name, epoch=run.epoch)
    return True, f"routes of {side.name} lead nowhere, its workloads are scaled to zero"


def fence_active_side(
    pair: Pair, run: Run, clusters: Clusters, databases: Databases, placements: Placements
) -> ProvenFence:
    """As ``fence_side``."""
    return fence_side(
        pair.active,
        pair.standby,
        clusters,
        databases,
        placements,
        environment=run.environment,
        epoch=run.epoch,
        run_id=run.id,
    )


def proven(facts: PrimaryFenced, fence: ProvenFence) -> PrimaryFenced:
    """The facts, with the fence proven."""
    said = f"a write attempt from outside was refused: {fence.proof.said}"
    return facts.model_copy(
        update={
            "fence": "proven",
            "fence_proof": (*facts.fence_proof, said),
            "fenced_lsn": fence.fenced.lsn,
            "system_identifier": fence.fenced.system_identifier,
        }
    )


def unfence_primary(
    approved: FailoverApproved,
    *,
    run: Run,
    estate: Estate,
    clusters: Clusters,
    databases: Databases,
    placements: Placements,
    takeover: Takeover,
) -> None:
    """Open the active side again and lead its users back, but only while nothing was promoted.

    Safe to repeat: what is open stays open.

    Raises NoWayBack behind a promotion, Unreachable when the standby does not say whether it was
    promoted, and FenceUnreachable when the fenced side does not answer: then the fence stays.
    """
    pair = pair_of(approved, run, estate)
    if takeover.promoter(pair.standby.database.server).promoted() is not None:
        raise NoWayBack(
            f"{pair.standby.name} was promoted and stays the primary. What is left to do: mend "
            f"what the reason says, then publish region-degraded for {run.environment} again, "
            "with another id: that run goes on behind the promotion"
        )
    _take_back(run, pair, placements)
    _open_again(run, pair, databases, placements)
    _restore(pair, run, clusters, placements)


def _restore(pair: Pair, run: Run, clusters: Clusters, placements: Placements) -> None:
    """Give back what was withdrawn. A lost cluster from which nothing was is not waited for."""
    side = pair.active
    try:
        restore(clusters.of(side), side, pair.production, epoch=run.epoch)
    except TemporaryError:
        if placements.was_withdrawn(run.environment, side.name, epoch=run.epoch):
            raise


def _open_again(run: Run, pair: Pair, databases: Databases, placements: Placements) -> None:
    """Take the fence away, and the order with it.

    An order that was never executed is lifted first, lest upkeep executes it behind our back; one
    that was stands until its side is open, or nobody would know that it is not.
    """
    side = pair.active
    shut = any(
        order.side == side.name and order.executed_at is not None
        for order in placements.standing_orders(run.environment)
    )
    if not shut:
        placements.lift_fence(run.environment, side.name, epoch=run.epoch)
    try:
        unfence(
            administrators_dsn(databases, side),
            side.database.name,
            side=side.name,
            epoch=run.epoch,
            run_id=str(run.id),
        )
    except FenceUnreachable:
        if shut:
            raise
    placements.lift_fence(run.environment, side.name, epoch=run.epoch)


def _take_back(run: Run, pair: Pair, placements: Placements) -> None:
    """A promotion that was decided and has not happened is none."""
    if placements.of(run.environment).run_id == run.id:
        placements.take(
            run.environment,
            pair.active.name,
            epoch=run.epoch,
            run=run.id,
            standby_state="streaming",
        )
        placements.finish(run.environment, epoch=run.epoch, standby_state="streaming")


def refuse_unless_allowed(approved: FailoverApproved, pair: Pair, error: StepError) -> None:
    """Raise FenceNotAllowed when nobody has agreed to promote beside a primary that is not shut."""
    if approved.verdict == "planned":
        raise FenceNotAllowed(
            f"{error}. A planned switchover needs both sides: nothing was promoted"
        ) from error
    by_policy = approved.approved_by == (POLICY,)
    if by_policy and pair.production.failover.unreachable_primary == "ask":
        raise FenceNotAllowed(
            f"{error}. The policy of {pair.production.name} wants a person's word for that: "
            "publish region-degraded again, and approve it"
        ) from error
