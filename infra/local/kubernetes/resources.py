"""Which resources the API serves: built-in, well-known custom ones, and added definitions."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind of object in one version, as discovery announces it."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True
    short_names: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()
    custom: bool = False

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def qualified(self) -> str:
        """The name that error messages use, ``deployments.apps``."""
        return f"{self.plural}.{self.group}" if self.group else self.plural


class Registry:
    """The resources served now; custom resource definitions come and go."""

    def __init__(self) -> None:
        self._resources = {_key(resource): resource for resource in WELL_KNOWN}

    def __iter__(self) -> Iterator[Resource]:
        return iter(tuple(self._resources.values()))

    def find(self, group: str, version: str, plural: str) -> Resource | None:
        return self._resources.get((group, version, plural))

    def stored(self, group: str, plural: str) -> Resource:
        """Any version of a resource: objects are stored once, whatever their versions."""
        return next(r for r in self if (r.group, r.plural) == (group, plural))

    def of_version(self, group: str, version: str) -> list[Resource]:
        return [r for r in self if (r.group, r.version) == (group, version)]

    def versions(self, group: str) -> list[str]:
        return sorted({r.version for r in self if r.group == group})

    def groups(self) -> list[str]:
        return sorted({r.group for r in self} - {""})

    def define(self, definition: dict[str, Any]) -> None:
        """Serve what a CustomResourceDefinition describes."""
        for resource in _defined(definition):
            self._resources[_key(resource)] = resource

    def forget(self, definition: dict[str, Any]) -> list[Resource]:
        """Serve it no more; returns what went away."""
        gone = _defined(definition)
        for resource in gone:
            self._resources.pop(_key(resource), None)
        return gone


def _key(resource: Resource) -> tuple[str, str, str]:
    return (resource.group, resource.version, resource.plural)


def _defined(definition: dict[str, Any]) -> list[Resource]:
    spec = definition["spec"]
    names = spec["names"]
    return [
        Resource(
            group=spec["group"],
            version=version["name"],
            plural=names["plural"],
            kind=names["kind"],
            namespaced=spec["scope"] == "Namespaced",
            short_names=tuple(names.get("shortNames", ())),
            subresources=tuple(version.get("subresources", ())),
            custom=True,
        )
        for version in spec["versions"]
    ]


def _api(
    api_version: str,
    *rows: tuple[str, str, str, str],
    namespaced: bool = True,
    custom: bool = False,
) -> Iterator[Resource]:
    """Expand (plural, kind, short names, subresources) rows of one API version."""
    group, _, version = api_version.rpartition("/")
    for plural, kind, short, sub in rows:
        yield Resource(
            group,
            version,
            plural,
            kind,
            namespaced,
            tuple(short.split()),
            tuple(sub.split()),
            custom,
        )


WELL_KNOWN = (
    *_api(
        "v1",
        ("namespaces", "Namespace", "ns", "status finalize"),
        ("nodes", "Node", "no", "status"),
        ("persistentvolumes", "PersistentVolume", "pv", "status"),
        namespaced=False,
    ),
    *_api(
        "v1",
        ("configmaps", "ConfigMap", "cm", ""),
        ("endpoints", "Endpoints", "ep", ""),
        ("events", "Event", "ev", ""),
        ("limitranges", "LimitRange", "limits", ""),
        ("persistentvolumeclaims", "PersistentVolumeClaim", "pvc", "status"),
        ("pods", "Pod", "po", "status log"),
        ("resourcequotas", "ResourceQuota", "quota", "status"),
        ("secrets", "Secret", "", ""),
        ("serviceaccounts", "ServiceAccount", "sa", ""),
        ("services", "Service", "svc", "status"),
    ),
    *_api(
        "apps/v1",
        ("daemonsets", "DaemonSet", "ds", "status"),
        ("deployments", "Deployment", "deploy", "scale status"),
        ("replicasets", "ReplicaSet", "rs", "scale status"),
        ("statefulsets", "StatefulSet", "sts", "scale status"),
    ),
    *_api(
        "autoscaling/v2", ("horizontalpodautoscalers", "HorizontalPodAutoscaler", "hpa", "status")
    ),
    *_api("batch/v1", ("cronjobs", "CronJob", "cj", "status"), ("jobs", "Job", "", "status")),
    *_api("coordination.k8s.io/v1", ("leases", "Lease", "", "")),
    *_api(
        "networking.k8s.io/v1",
        ("ingresses", "Ingress", "ing", "status"),
        ("networkpolicies", "NetworkPolicy", "netpol", ""),
    ),
    *_api("policy/v1", ("poddisruptionbudgets", "PodDisruptionBudget", "pdb", "status")),
    *_api(
        "rbac.authorization.k8s.io/v1",
        ("rolebindings", "RoleBinding", "", ""),
        ("roles", "Role", "", ""),
    ),
    *_api(
        "rbac.authorization.k8s.io/v1",
        ("clusterrolebindings", "ClusterRoleBinding", "", ""),
        ("clusterroles", "ClusterRole", "", ""),
        namespaced=False,
    ),
    *_api(
        "apiextensions.k8s.io/v1",
        ("customresourcedefinitions", "CustomResourceDefinition", "crd crds", "status"),
        namespaced=False,
    ),
    *_api(
        "argoproj.io/v1alpha1",
        ("applications", "Application", "app apps", "status"),
        ("appprojects", "AppProject", "", "status"),
        custom=True,
    ),
    *_api("cert-manager.io/v1", ("certificates", "Certificate", "cert", "status"), custom=True),
    *_api(
        "helm.toolkit.fluxcd.io/v2",
        ("helmreleases", "HelmRelease", "hr", "status"),
        custom=True,
    ),
    *_api(
        "kustomize.toolkit.fluxcd.io/v1",
        ("kustomizations", "Kustomization", "ks", "status"),
        custom=True,
    ),
    *_api(
        "postgresql.cnpg.io/v1",
        ("backups", "Backup", "", "status"),
        ("clusters", "Cluster", "", "status scale"),
        ("databases", "Database", "", "status"),
        ("scheduledbackups", "ScheduledBackup", "", "status"),
        custom=True,
    ),
    *_api(
        "traefik.io/v1alpha1",
        ("ingressroutes", "IngressRoute", "", "status"),
        ("middlewares", "Middleware", "", "status"),
        custom=True,
    ),
)
