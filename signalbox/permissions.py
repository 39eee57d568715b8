"""What the Roles in ``infra/kubernetes`` grant, and which of it an identity lacks."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

from shared.cluster import Cluster, Permission
from shared.estate import Environment, Estate, RunByCloudNativePg
from shared.estate.deployments import ByArgoCd, ByFlux
from signalbox.errors import Unusable

ROLES = Path(__file__).parents[1] / "infra" / "kubernetes"


def granted(kind: str, names: Mapping[str, str]) -> tuple[Permission, ...]:
    """What the first Role of a kind grants; ``names`` are the objects that the estate has where the
    Role names one, by resource.
    """
    documents = yaml.safe_load_all((ROLES / kind / "role.yaml").read_text("utf-8"))
    role = next(each for each in documents if each["kind"] in ("Role", "ClusterRole"))
    return tuple(
        Permission(verb, resource, group, _named(rule, resource, names))
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    )


def _named(rule: Mapping[str, list[str]], resource: str, names: Mapping[str, str]) -> str:
    own, *_ = rule.get("resourceNames", [""])
    return names.get(resource, own) if own else ""


def needed(cluster: str, estate: Estate) -> Iterator[tuple[str, str, tuple[Permission, ...]]]:
    """Each of our namespaces in a cluster, the kind of its Role, and what is needed there."""
    for environment in (each for each in estate.environments if each.cluster == cluster):
        kind = kind_of(environment)
        names = {"configmaps": environment.config_map, "ingressroutes": environment.route}
        yield environment.namespace, kind, granted(kind, names)
    operated = (server.run_by for server in estate.servers)
    ours = [by for by in operated if isinstance(by, RunByCloudNativePg) and by.cluster == cluster]
    for namespace in sorted({by.namespace for by in ours}):
        yield namespace, "cloudnativepg", granted("cloudnativepg", {})
    for environment in estate.environments:
        deploy = environment.release and environment.release.deploy
        if not isinstance(deploy, ByArgoCd | ByFlux):
            continue
        if (deploy.cluster or environment.cluster) == cluster:
            yield deploy.namespace, deploy.kind, granted(deploy.kind, {})
    if any(offer.cluster == cluster for offer in estate.offers):
        yield "", "on-request", granted("on-request", {})


def kind_of(environment: Environment) -> str:
    """The folder of its Role."""
    return "production" if environment.environment_class.holds_real_data else "nonproduction"


def require(cluster: Cluster, namespace: str, permissions: tuple[Permission, ...]) -> None:
    """Raise Unusable with everything that is denied to the identity that asks."""
    denied = [str(each) for each in permissions if not cluster.may(namespace, each)]
    if denied:
        raise Unusable(f"denied: {', '.join(denied)}")
