"""Give the incoming database and the configuration in the cluster the environment's addresses."""

import re

from functions.refresh.clones import clone_of, incoming_clone
from functions.refresh.targets import Target, target_of
from shared.cluster import Cluster, Clusters
from shared.estate import Environment, Estate
from shared.messages.refresh import DatabaseSanitized, EndpointsRemapped
from shared.odoo.remap import remap_settings
from shared.postgres.databases import Databases
from shared.postgres.urls import odoos_settings, odoos_url, own_url
from shared.runs import Run, still_mine

SNAPSHOT = "signalbox-before-refresh"
"""The Secret that remembers the environment's configuration before the latest run."""

_HOST = re.compile(r"Host\(`([^`]*)`\)")


def remap_endpoints(
    sanitized: DatabaseSanitized,
    *,
    run: Run,
    estate: Estate,
    clusters: Clusters,
    databases: Databases,
) -> EndpointsRemapped:
    """Write the environment's base URL, database and host names wherever production's could be.

    Safe to repeat: every value is derived from the estate, and what was there before is only
    remembered once per run.

    Raises ObjectMissing when the ConfigMap, Secret or route that the estate names is not there.
    """
    target = target_of(run, estate)
    cluster = clusters.of(target.environment)
    with incoming_clone(databases, target, run) as connection:
        report = remap_settings(connection, clone_of(run, target, estate, sanitized.source))
    still_mine(run)
    _remember(cluster, target, run)
    in_cluster = _remap_cluster(cluster, target, run, databases)
    return sanitized.become(
        EndpointsRemapped, endpoints=report.settings + len(report.replaced) + in_cluster
    )


def restore_endpoints(
    sanitized: DatabaseSanitized,  # noqa: ARG001 - an undo gets what its step got
    *,
    run: Run,
    estate: Estate,
    clusters: Clusters,
) -> None:
    """Put the environment's configuration in the cluster back as it was.

    Safe to repeat: it writes what was remembered, and nothing if this run remembered nothing.
    """
    target = target_of(run, estate)
    clusters.of(target.environment).restore(
        target.namespace, SNAPSHOT, run_id=str(run.id), epoch=run.epoch
    )


def _remember(cluster: Cluster, target: Target, run: Run) -> None:
    environment = target.environment
    objects = (
        ("ConfigMap", environment.config_map),
        ("Secret", environment.database_secret),
        ("IngressRoute", environment.route),
    )
    cluster.save(target.namespace, SNAPSHOT, objects, run_id=str(run.id), epoch=run.epoch)


def _remap_cluster(cluster: Cluster, target: Target, run: Run, databases: Databases) -> int:
    environment, place, epoch = target.environment, target.namespace, run.epoch
    dsn = databases.dsn(target.server, target.live)
    config = odoos_settings(dsn, environment.endpoints[0].base_url)
    changed = cluster.write_config(place, environment.config_map, config, epoch=epoch)
    secret = cluster.read_secret(place, environment.database_secret)
    url = {"url": own_url(odoos_url(secret, environment), dsn, environment.database)}
    changed += cluster.write_secret(place, environment.database_secret, url, epoch=epoch)
    rules = [own_rule(r, environment) for r in cluster.route_rules(place, environment.route)]
    return changed + cluster.write_route_rules(place, environment.route, rules, epoch=epoch)


def own_rule(rule: str, environment: Environment) -> str:
    """A route's match rule in which every host that is not the environment's becomes its first.

    Other conditions stay: ``Host(`erp.acme.example`) && PathPrefix(`/websocket`)`` keeps its path.
    """
    ours = [endpoint.host for endpoint in environment.endpoints]
    return _HOST.sub(lambda found: found[0] if found[1] in ours else f"Host(`{ours[0]}`)", rule)
