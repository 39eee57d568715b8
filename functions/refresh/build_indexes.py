"""Build indexes and constraints over the masked rows, by a Kubernetes Job."""

from functions.refresh.clones import incoming_clone
from functions.refresh.restore_jobs import begin_job, look_at_job
from functions.refresh.targets import look_again, target_of
from shared.blobs import Blobs
from shared.cluster import Clusters
from shared.estate import Estate
from shared.messages.refresh import DatabaseMasked, IndexesBuilt
from shared.odoo.data_checks import count_foreign_keys
from shared.postgres.databases import Databases
from shared.postgres.marker import Database
from shared.postgres.postponed import indexes_are_built, record_indexes_built
from shared.runs import Again, Run, still_mine


def build_indexes(
    masked: DatabaseMasked,
    *,
    run: Run,
    estate: Estate,
    blobs: Blobs,
    clusters: Clusters,
    databases: Databases,
) -> IndexesBuilt | Again:
    """Give the incoming database the backup's indexes, constraints and triggers, all at once.

    PostgreSQL itself proves that masking has kept what was unique, and every reference.

    Safe to repeat: a Job that is there is looked in on, the clone records that it has ended well,
    and a Job that begins anew first drops what the one before it has built.
    """
    target = target_of(run, estate)
    cluster = clusters.of(target.environment)
    databases.refuse_production(target.server)
    job = look_at_job(cluster, target, run, target.index_job)
    if isinstance(job, Again):
        # Connecting as the owner of the clone would end the Job's sessions.
        return job
    with incoming_clone(databases, target, run) as connection:
        if job is None and not indexes_are_built(connection):
            still_mine(run)
            begin_job(
                target.index_job, "indexes", masked, target, estate, blobs, cluster, databases
            )
            return look_again(run, looks=0)
        built = _built(masked, connection)
    cluster.delete_job(target.namespace, target.index_job)
    return built


def _built(masked: DatabaseMasked, connection: Database) -> IndexesBuilt:
    record_indexes_built(connection)
    return masked.become(IndexesBuilt, foreign_keys=count_foreign_keys(connection))
