"""The Kubernetes objects of an environment on request."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from shared.estate import Environment, Offer
from shared.estate.offers import OfferedWorkload

PORT = 8069
CLUSTER_ROLE = "signalbox-on-request"
"""What Signalbox may do in a namespace that it made."""

_RBAC = "rbac.authorization.k8s.io"
_NAMES = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}
_HARDENED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}


def labels_of(place: Environment, offer: Offer) -> dict[str, str]:
    """What is said of the namespace; pods that could leave their confines are refused there."""
    return {
        "app.kubernetes.io/managed-by": "signalbox",
        "app.kubernetes.io/part-of": place.name,
        "signalbox.dev/class": place.environment_class.value,
        "signalbox.dev/offer": offer.name,
        "pod-security.kubernetes.io/enforce": "restricted",
    }


def rights(identity: str) -> tuple[dict[str, Any], ...]:
    """What lets ourselves work in the namespace, and nowhere else."""
    subject = {"apiGroup": _RBAC, "kind": "User", "name": identity}
    reference = {"apiGroup": _RBAC, "kind": "ClusterRole", "name": CLUSTER_ROLE}
    return (_object("RoleBinding", "signalbox", roleRef=reference, subjects=[subject]),)


def limits(offer: Offer) -> Iterator[dict[str, Any]]:
    """How much all pods may take, what one gets that asks for nothing, and whom they reach."""
    quota = offer.quota
    hard = {"limits.cpu": quota.cpu, "limits.memory": quota.memory, "pods": str(quota.pods)}
    hard |= {"services.loadbalancers": "0", "services.nodeports": "0"}
    yield _object("ResourceQuota", "signalbox", spec={"hard": hard})
    standard = {
        "type": "Container",
        "default": {"cpu": "500m", "memory": "1Gi"},
        "defaultRequest": {"cpu": "50m", "memory": "256Mi"},
    }
    yield _object("LimitRange", "signalbox", spec={"limits": [standard]})
    yield _object("NetworkPolicy", "signalbox", spec=_network(offer))


def workloads(
    place: Environment, offer: Offer, config: Mapping[str, str], secret: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    """Configuration, passwords, and Deployments without pods."""
    yield _object("ConfigMap", place.config_map, data=dict(config))
    yield _object("Secret", place.database_secret, stringData=dict(secret), type="Opaque")
    for offered in offer.workloads:
        yield _deployment(place, offered)
    service = {"selector": {"app": offer.workloads[0].name}, "ports": [{"port": PORT}]}
    yield _object("Service", "odoo", spec=service)


def route(place: Environment) -> dict[str, Any]:
    """What leads users there."""
    hosts = " || ".join(f"Host(`{point.host}`)" for point in place.endpoints)
    rule = {"kind": "Rule", "match": hosts, "services": [{"name": "odoo", "port": PORT}]}
    body = _object(
        "IngressRoute", place.route, spec={"entryPoints": ["websecure"], "routes": [rule]}
    )
    return body | {"apiVersion": "traefik.io/v1alpha1"}


def _network(offer: Offer) -> dict[str, Any]:
    """Name resolution, each other, and what the offer lists: production is not on a list."""
    listed = [
        {
            "to": [{"ipBlock": {"cidr": str(each.cidr)}}],
            "ports": [{"protocol": "TCP", "port": port} for port in each.ports],
        }
        for each in offer.egress
    ]
    names = {
        "to": [_NAMES],
        "ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}],
    }
    each_other: Sequence[dict[str, Any]] = [{"podSelector": {}}]
    door = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": offer.ingress_from}}
    }
    return {
        "podSelector": {},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{"from": [door, *each_other]}],
        "egress": [names, {"to": each_other}, *listed],
    }


def _deployment(place: Environment, offered: OfferedWorkload) -> dict[str, Any]:
    labels = {"app": offered.name}
    url = {"name": place.database_secret, "key": "url"}
    container: dict[str, Any] = {
        "name": "odoo",
        "image": offered.image,
        "ports": [{"containerPort": PORT}],
        "envFrom": [{"configMapRef": {"name": place.config_map}}],
        "env": [{"name": "DATABASE_URL", "valueFrom": {"secretKeyRef": url}}],
        "securityContext": _HARDENED,
    }
    if offered.command:
        container["command"] = list(offered.command)
    pod = {
        "automountServiceAccountToken": False,
        "containers": [container],
        "securityContext": {"runAsUser": offered.user, "fsGroup": offered.user},
    }
    spec = {
        "replicas": 0,
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": pod},
    }
    return _object("Deployment", offered.name, spec=spec)


def _object(kind: str, name: str, **fields: Any) -> dict[str, Any]:
    return {"kind": kind, "metadata": {"name": name}, **fields}
