"""What the API tells about itself: groups, resources, and just enough OpenAPI for kubectl."""

from infra.local.kubernetes.resources import Registry, Resource
from infra.local.kubernetes.status import Json, unknown_path

_VERSION = {
    "major": "1",
    "minor": "34",
    "gitVersion": "v1.34.0-signalbox",
    "gitCommit": "",
    "gitTreeState": "clean",
    "buildDate": "",
    "goVersion": "",
    "compiler": "",
    "platform": "",
}
_VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
_SUBRESOURCE_VERBS = {"log": ["get"]}


def describe(registry: Registry, path: list[str]) -> Json | str | None:
    """Answer a discovery path; None when the path is about objects."""
    match path:
        case ["healthz" | "livez" | "readyz"]:
            return "ok"
        case ["version"]:
            return _VERSION
        case ["api"]:
            return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}
        case ["apis"]:
            groups = [_group(registry, group) for group in registry.groups()]
            return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}
        case ["apis", group] if group in registry.groups():
            return {"kind": "APIGroup", "apiVersion": "v1"} | _group(registry, group)
        case ["api", version]:
            return _resources(registry.of_version("", version))
        case ["apis", group, version]:
            return _resources(registry.of_version(group, version))
        case ["openapi", "v3"]:
            return _openapi_index(registry)
        case ["openapi", "v3", "api", version]:
            return _openapi(registry.of_version("", version))
        case ["openapi", "v3", "apis", group, version]:
            return _openapi(registry.of_version(group, version))
    return None


def _group(registry: Registry, group: str) -> Json:
    versions = [
        {"groupVersion": f"{group}/{version}", "version": version}
        for version in registry.versions(group)
    ]
    return {"name": group, "versions": versions, "preferredVersion": versions[-1]}


def _resources(resources: list[Resource]) -> Json:
    if not resources:
        raise unknown_path()
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": resources[0].api_version,
        "resources": [row for resource in resources for row in _rows(resource)],
    }


def _rows(resource: Resource) -> list[Json]:
    row = {
        "name": resource.plural,
        "singularName": resource.kind.lower(),
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": _VERBS,
        "shortNames": list(resource.short_names),
    }
    return [row, *(_subresource_row(resource, name) for name in resource.subresources)]


def _subresource_row(resource: Resource, name: str) -> Json:
    row = {
        "name": f"{resource.plural}/{name}",
        "singularName": "",
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": _SUBRESOURCE_VERBS.get(name, ["get", "patch", "update"]),
    }
    scale = {"group": "autoscaling", "version": "v1", "kind": "Scale"}
    return row | scale if name == "scale" else row


def _openapi_index(registry: Registry) -> Json:
    roots = sorted({_root(resource) for resource in registry})
    paths = {root: {"serverRelativeURL": f"/openapi/v3/{root}?hash=1"} for root in roots}
    return {"paths": paths}


def _root(resource: Resource) -> str:
    return f"apis/{resource.api_version}" if resource.group else f"api/{resource.version}"


def _openapi(resources: list[Resource]) -> Json:
    """No schemas, but a patch's parameters: kubectl asks before it validates or runs dry."""
    if not resources:
        raise unknown_path()
    return {
        "openapi": "3.0.0",
        "info": {"title": "signalbox", "version": "v1"},
        "paths": {
            f"/{resource.plural}/{{name}}": _patch_operation(resource) for resource in resources
        },
        "components": {"schemas": {}},
    }


def _patch_operation(resource: Resource) -> Json:
    parameters = [
        {"name": name, "in": "query", "schema": {"type": "string"}}
        for name in ("dryRun", "fieldValidation")
    ]
    kind = {"group": resource.group, "version": resource.version, "kind": resource.kind}
    patch = {"parameters": parameters, "responses": {}, "x-kubernetes-group-version-kind": kind}
    return {"patch": patch}
