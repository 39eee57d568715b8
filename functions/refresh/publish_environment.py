"""Let the incoming database take the place of the live one; and take it back."""

from datetime import UTC, datetime

from functions.refresh.clones import incoming_clone
from functions.refresh.ownership import hand_over, is_public, reopen
from functions.refresh.targets import Target, look_again, target_of
from shared.cluster import Clusters
from shared.estate import Estate, Secrets
from shared.masking.proof import require_certificate
from shared.messages.refresh import CertifiedKept, EnvironmentPublished
from shared.odoo.login import log_in
from shared.postgres.checkpoints import keep_checkpoint, use_checkpoint
from shared.postgres.databases import Databases
from shared.runs import Again, Run, still_mine


def publish_environment(
    kept: CertifiedKept,
    *,
    run: Run,
    estate: Estate,
    secrets: Secrets,
    clusters: Clusters,
    databases: Databases,
) -> EnvironmentPublished | Again:
    """Stop the workloads, exchange the databases by name, start the workloads, see them ready, and
    log in where the estate says as whom.

    The database that was live is kept as checkpoint until its time is over.

    Safe to repeat: which database is live is read from its marker, so the exchange happens once,
    and everything around it writes what may be there already.

    Raises ProductionRefused before a workload is stopped; NotCertified when the incoming database
    is not the one that was proven; StaleEpoch when a newer run has changed the workloads or
    published its own database; LoginRefused and OdooSilent: then the previous one comes back.
    """
    target = target_of(run, estate)
    cluster, workloads = clusters.of(target.environment), target.environment.workloads
    databases.refuse_production(target.server)
    if not _is_live(databases, target, run):
        stopped = cluster.stop_workloads(target.namespace, workloads, epoch=run.epoch)
        if not (stopped and "was_public" in run.checkpoint):
            was_public = is_public(databases, target.server, target.live)
            return look_again(run, **{"was_public": was_public, **run.checkpoint})
        _refuse_uncertified(databases, target, run, secrets.resolve(estate.masking_key).encode())
        databases.swap(target.server, **_names(target, run))
    previous = _keep_previous(databases, target)
    hand_over(databases, target.server, target.live, target.environment.database.owner)
    if not cluster.start_workloads(target.namespace, workloads, epoch=run.epoch):
        return look_again(run)
    said = log_in(target.environment, secrets)
    return kept.become(EnvironmentPublished, previous=previous, tried_login=said)


def swap_back(
    kept: CertifiedKept,  # noqa: ARG001 - an undo gets what its step got
    *,
    run: Run,
    estate: Estate,
    clusters: Clusters,
    databases: Databases,
) -> Again | None:
    """Give the databases their old names back, and the workloads what they had before.

    Safe to repeat: it starts from whichever state the marker tells, and does what is left to do.
    """
    target = target_of(run, estate)
    cluster, workloads = clusters.of(target.environment), target.environment.workloads
    if _is_live(databases, target, run):
        if not cluster.stop_workloads(target.namespace, workloads, epoch=run.epoch):
            return look_again(run)
        still_mine(run)
        databases.swap_back(target.server, **_names(target, run))
    if databases.exists(target.server, target.live):
        use_checkpoint(databases, target.server, target.live)
        to_everyone = bool(run.checkpoint.get("was_public"))
        reopen(databases, target.server, target.live, to_everyone=to_everyone)
    cluster.start_workloads(target.namespace, workloads, epoch=run.epoch, as_before=True)
    return None


def _refuse_uncertified(databases: Databases, target: Target, run: Run, key: bytes) -> None:
    """An exchange that failed half way has closed the database: it is opened to be looked at."""
    reopen(databases, target.server, target.incoming, to_everyone=False)
    with incoming_clone(databases, target, run) as connection:
        require_certificate(connection, key, run_id=str(run.id))


def _is_live(databases: Databases, target: Target, run: Run) -> bool:
    marker = databases.marker(target.server, target.live)
    return marker is not None and marker.run_id == str(run.id)


def _names(target: Target, run: Run) -> dict[str, str]:
    """Of the databases that change places."""
    return {
        "live": target.live,
        "incoming": target.incoming,
        "previous": target.previous,
        "run_id": str(run.id),
    }


def _keep_previous(databases: Databases, target: Target) -> str | None:
    """Set the time of the checkpoint, if there is one: the first refresh has none."""
    if not databases.exists(target.server, target.previous):
        return None
    until = datetime.now(UTC) + target.environment.checkpoint_keep
    keep_checkpoint(databases, target.server, target.previous, until)
    return target.previous
