"""The estate's environments on the Kubernetes emulator, as a platform team sets them up."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress

from psycopg.conninfo import conninfo_to_dict

from infra.local.processes import PartFailed
from shared.cluster.api import Api, Conflict, Json
from shared.estate import Environment, Estate, Workload

IMAGE = "odoo:18.0"
PORT = 8069


def furnish(
    api_url: str,
    estate: Estate,
    database_url: Callable[[Environment], str],
    *,
    cluster: str | None = None,
) -> None:
    """Create what is missing of every environment, or of those of one cluster: namespace,
    workloads, configuration, route.

    What is there is left as it is, because runs have changed it since. ``database_url`` returns
    what Odoo connects with; it ends up in the environment's Secret.
    """
    api = Api(api_url)
    for environment in estate.environments:
        if cluster not in (None, environment.cluster):
            continue
        workloads = _workloads(estate, environment)
        for kind, body in _objects(environment, workloads, database_url(environment)):
            with suppress(Conflict):
                api.create(kind, environment.namespace, body)


def _workloads(estate: Estate, environment: Environment) -> Mapping[Workload, int]:
    """What runs in an environment, and with how many pods; a standby waits with none."""
    waits = environment.standby_of is not None
    owner = estate.environment(environment.standby_of) if environment.standby_of else environment
    everything = (*environment.workloads, *(each.workload for each in owner.integrations))
    return {workload: 0 if waits else workload.replicas for workload in everything}


def _objects(
    environment: Environment, workloads: Mapping[Workload, int], url: str
) -> Iterator[tuple[str, Json]]:
    yield "Namespace", _namespace(environment)
    yield "ConfigMap", _config_map(environment, url)
    yield "Secret", _secret(environment, url)
    for workload, replicas in workloads.items():
        yield "Deployment", _deployment(environment, workload, replicas)
    yield "IngressRoute", _route(environment)


def _labels(environment: Environment) -> dict[str, str]:
    return {
        "app.kubernetes.io/part-of": environment.name,
        "signalbox/class": environment.environment_class.value,
    }


def _namespace(environment: Environment) -> Json:
    return {"metadata": {"name": environment.namespace, "labels": _labels(environment)}}


def _config_map(environment: Environment, url: str) -> Json:
    parts = conninfo_to_dict(url)
    return {
        "metadata": {"name": environment.config_map, "labels": _labels(environment)},
        "data": {
            "db_host": str(parts["host"]),
            "db_port": str(parts["port"]),
            "db_name": environment.database.name,
            "web.base.url": environment.endpoints[0].base_url,
        },
    }


def _secret(environment: Environment, url: str) -> Json:
    return {
        "metadata": {"name": environment.database_secret, "labels": _labels(environment)},
        "stringData": {"url": url},
    }


def _deployment(environment: Environment, workload: Workload, replicas: int) -> Json:
    if workload.kind != "Deployment":
        raise PartFailed(
            f"environment {environment.name}: the embedded platform sets up Deployments only, "
            f"and workload {workload.name} is a {workload.kind}"
        )
    labels = {"app": workload.name}
    container = {
        "name": "odoo",
        "image": IMAGE,
        "ports": [{"containerPort": PORT}],
        "envFrom": [{"configMapRef": {"name": environment.config_map}}],
        "env": [{"name": "DATABASE_URL", "valueFrom": {"secretKeyRef": _url_of(environment)}}],
    }
    return {
        "metadata": {"name": workload.name, "labels": _labels(environment)},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }


def _url_of(environment: Environment) -> dict[str, str]:
    return {"name": environment.database_secret, "key": "url"}


def _route(environment: Environment) -> Json:
    hosts = " || ".join(f"Host(`{endpoint.host}`)" for endpoint in environment.endpoints)
    rule = {"kind": "Rule", "match": hosts, "services": [{"name": "odoo", "port": PORT}]}
    return {
        "apiVersion": "traefik.io/v1alpha1",
        "kind": "IngressRoute",
        "metadata": {"name": environment.route, "labels": _labels(environment)},
        "spec": {"entryPoints": ["websecure"], "routes": [rule]},
    }
