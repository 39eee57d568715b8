"""Custom resources: the well-known ones, and those that a definition adds."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.contract.kubernetes.support import Cluster, eventually, refusal

ROUTES = ("traefik.io", "v1alpha1")


@pytest.fixture
def route(cluster: Cluster) -> dict[str, Any]:
    body = {
        "apiVersion": "traefik.io/v1alpha1",
        "kind": "IngressRoute",
        "metadata": {"name": "odoo"},
        "spec": {"routes": [{"match": "Host(`staging.acme.test`)"}], "entryPoints": ["web"]},
    }
    place = (*ROUTES, cluster.namespace, "ingressroutes")
    created: dict[str, Any] = cluster.custom.create_namespaced_custom_object(*place, body)
    return created


def test_a_merge_patch_replaces_whole_lists(cluster: Cluster, route: dict[str, Any]) -> None:
    match = {"spec": {"routes": [{"match": "Host(`qa.acme.test`)"}]}}

    patched = cluster.custom.patch_namespaced_custom_object(
        *ROUTES, cluster.namespace, "ingressroutes", "odoo", match
    )

    assert patched["spec"] == match["spec"] | {"entryPoints": ["web"]}
    assert patched["metadata"]["generation"] == 2


def test_a_strategic_patch_of_a_custom_resource_is_unsupported(
    cluster: Cluster, route: dict[str, Any]
) -> None:
    path = f"/apis/traefik.io/v1alpha1/namespaces/{cluster.namespace}/ingressroutes/odoo"

    code, _ = cluster.request("PATCH", path, {}, "application/strategic-merge-patch+json")

    assert code == 415


def test_an_applied_list_of_a_custom_resource_is_owned_as_a_whole(cluster: Cluster) -> None:
    path = f"/apis/traefik.io/v1alpha1/namespaces/{cluster.namespace}/ingressroutes/odoo"

    def config(*matches: str) -> dict[str, Any]:
        identity = {"apiVersion": "traefik.io/v1alpha1", "kind": "IngressRoute"}
        routes = [{"match": match} for match in matches]
        return identity | {"metadata": {"name": "odoo"}, "spec": {"routes": routes}}

    cluster.apply(path, config("a", "b"), "signalbox")
    _, obj = cluster.apply(path, config("c"), "signalbox")

    assert obj["spec"]["routes"] == [{"match": "c"}]


def test_an_unknown_group_is_not_found(cluster: Cluster) -> None:
    listing = cluster.custom.list_namespaced_custom_object

    assert refusal(listing, "nope.io", "v1", cluster.namespace, "things")[0] == 404


@pytest.fixture
def definition(cluster: Cluster) -> Iterator[str]:
    versions = [
        {"name": "v1", "served": True, "storage": True, "subresources": {"status": {}}}
        | {"schema": {"openAPIV3Schema": {"type": "object"}}}
    ]
    names = {"plural": "tenants", "kind": "Tenant", "singular": "tenant"}
    spec = {"group": "acme.test", "scope": "Namespaced", "names": names, "versions": versions}
    body = {"metadata": {"name": "tenants.acme.test"}, "spec": spec}
    cluster.definitions.create_custom_resource_definition(body)
    yield "tenants.acme.test"
    cluster.definitions.delete_custom_resource_definition("tenants.acme.test")


def test_a_definition_adds_a_resource_and_takes_it_away(cluster: Cluster, definition: str) -> None:
    place = ("acme.test", "v1", cluster.namespace, "tenants")
    body = {"metadata": {"name": "acme"}, "spec": {"size": 3}}
    cluster.custom.create_namespaced_custom_object(*place, body)
    status = {"status": {"ready": True}}
    cluster.custom.patch_namespaced_custom_object_status(*place, "acme", status)

    found = cluster.custom.get_namespaced_custom_object(*place, "acme")
    custom = cluster.request("GET", "/apis/acme.test/v1")[1]["resources"]

    assert (found["spec"], found["status"]) == ({"size": 3}, {"ready": True})
    assert [row["name"] for row in custom] == ["tenants", "tenants/status"]


def test_objects_go_with_their_definition(cluster: Cluster, definition: str) -> None:
    place = ("acme.test", "v1", cluster.namespace, "tenants")
    cluster.custom.create_namespaced_custom_object(*place, {"metadata": {"name": "acme"}})
    found = cluster.definitions.read_custom_resource_definition(definition)

    cluster.definitions.delete_custom_resource_definition(definition)
    listing = cluster.custom.list_namespaced_custom_object
    missing = refusal(listing, *place)
    body = {"metadata": {"name": definition}, "spec": found.spec}
    cluster.definitions.create_custom_resource_definition(body)

    assert missing[0] == 404
    assert eventually(lambda: "items" in listing(*place))
    assert listing(*place)["items"] == []
