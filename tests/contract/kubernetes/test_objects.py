"""Objects: created, changed, selected, deleted as by the real API server."""

import base64

import pytest

from tests.contract.kubernetes.support import Cluster, deployment, eventually, refusal


def test_a_created_object_gets_an_identity(cluster: Cluster) -> None:
    created = cluster.config_map("odoo", {"workers": "4"})

    assert created.metadata.uid
    assert created.metadata.creation_timestamp
    assert created.metadata.resource_version.isdigit()
    assert created.metadata.namespace == cluster.namespace


def test_a_name_is_taken_once(cluster: Cluster) -> None:
    cluster.config_map("odoo")

    assert refusal(cluster.config_map, "odoo") == (409, "AlreadyExists")


def test_generated_names_differ(cluster: Cluster) -> None:
    body = {"metadata": {"generateName": "run-"}}

    names = {
        cluster.core.create_namespaced_config_map(cluster.namespace, body).metadata.name
        for _ in range(2)
    }

    assert len(names) == 2
    assert all(name.startswith("run-") for name in names)


def test_a_missing_object_and_a_missing_namespace_are_not_found(cluster: Cluster) -> None:
    read = refusal(cluster.core.read_namespaced_secret, "nope", cluster.namespace)
    create = refusal(cluster.core.create_namespaced_secret, "nope", {"metadata": {"name": "a"}})

    assert read == create == (404, "NotFound")


@pytest.mark.parametrize(
    "metadata",
    [
        {"name": "Upper_Case"},
        {"name": "a" * 254},
        {"name": "a", "labels": {"started": "2026-01-01T00:00:00Z"}},
        {"name": "a", "labels": {"two words": "x"}},
        {},
    ],
)
def test_names_and_labels_that_kubernetes_forbids_are_invalid(
    cluster: Cluster, metadata: dict[str, object]
) -> None:
    path = f"/api/v1/namespaces/{cluster.namespace}/configmaps"

    code, status = cluster.request("POST", path, {"metadata": metadata})

    assert (code, status["reason"]) == (422, "Invalid")


def test_a_job_name_must_fit_into_a_label(cluster: Cluster) -> None:
    assert refusal(cluster.run, "j" * 64, "pass") == (422, "Invalid")


def test_a_wrong_type_is_refused_with_the_field_that_has_it(cluster: Cluster) -> None:
    body = deployment("web")
    body["spec"]["replicas"] = "two"
    path = f"/apis/apps/v1/namespaces/{cluster.namespace}/deployments"

    code, status = cluster.request("POST", path, body)

    assert code == 400
    assert "spec.replicas" in status["message"]


def test_a_selector_must_match_its_template(cluster: Cluster) -> None:
    body = deployment("web")
    body["spec"]["selector"]["matchLabels"] = {"app": "other"}

    create = cluster.apps.create_namespaced_deployment

    assert refusal(create, cluster.namespace, body) == (422, "Invalid")


def test_what_makes_a_workload_itself_cannot_change(cluster: Cluster) -> None:
    cluster.deploy("web", 0)
    cluster.run("once", "pass")
    selector = {"spec": {"selector": {"matchLabels": {"app": "x"}}}}
    template = {"spec": {"template": {"spec": {"restartPolicy": "OnFailure"}}}}

    patch = cluster.apps.patch_namespaced_deployment
    patch_job = cluster.batch.patch_namespaced_job

    assert refusal(patch, "web", cluster.namespace, selector) == (422, "Invalid")
    assert refusal(patch_job, "once", cluster.namespace, template) == (422, "Invalid")


def test_a_replace_drops_what_it_leaves_out(cluster: Cluster) -> None:
    cluster.config_map("odoo", {"a": "1", "b": "2"})

    body = {"metadata": {"name": "odoo"}, "data": {"b": "3"}}
    replaced = cluster.core.replace_namespaced_config_map("odoo", cluster.namespace, body)

    assert replaced.data == {"b": "3"}


def test_a_write_meant_for_an_older_version_conflicts(cluster: Cluster) -> None:
    seen = cluster.config_map("odoo").metadata.resource_version
    cluster.core.patch_namespaced_config_map("odoo", cluster.namespace, {"data": {"a": "1"}})

    stale = {"metadata": {"name": "odoo", "resourceVersion": seen}, "data": {"a": "2"}}
    replace = refusal(cluster.core.replace_namespaced_config_map, "odoo", cluster.namespace, stale)
    patch = refusal(cluster.core.patch_namespaced_config_map, "odoo", cluster.namespace, stale)

    assert replace == patch == (409, "Conflict")
    assert cluster.core.read_namespaced_config_map("odoo", cluster.namespace).data == {"a": "1"}


def test_a_write_that_changes_nothing_keeps_the_version(cluster: Cluster) -> None:
    before = cluster.config_map("odoo", {"a": "1"})

    same = {"data": {"a": "1"}}
    after = cluster.core.patch_namespaced_config_map("odoo", cluster.namespace, same)

    assert after.metadata.resource_version == before.metadata.resource_version


def test_a_strategic_patch_merges_containers_by_name(cluster: Cluster) -> None:
    cluster.deploy("web")

    image = {"containers": [{"name": "odoo", "image": "odoo:18.1"}]}
    body = {"spec": {"template": {"spec": image}}}
    patched = cluster.apps.patch_namespaced_deployment("web", cluster.namespace, body)

    odoo, sidecar = patched.spec.template.spec.containers
    assert (odoo.image, odoo.env[0].name) == ("odoo:18.1", "A")
    assert sidecar.image == "proxy:1"


def test_a_strategic_patch_can_delete_and_replace_list_items(cluster: Cluster) -> None:
    cluster.deploy("web")

    containers = [{"name": "sidecar", "$patch": "delete"}]
    body = {"spec": {"template": {"spec": {"containers": containers}}}}
    one = cluster.apps.patch_namespaced_deployment("web", cluster.namespace, body)
    containers = [{"$patch": "replace"}, {"name": "other", "image": "other:1"}]
    body = {"spec": {"template": {"spec": {"containers": containers}}}}
    two = cluster.apps.patch_namespaced_deployment("web", cluster.namespace, body)

    assert [c.name for c in one.spec.template.spec.containers] == ["odoo"]
    assert [c.name for c in two.spec.template.spec.containers] == ["other"]


def test_a_json_patch_is_all_or_nothing(cluster: Cluster) -> None:
    cluster.config_map("odoo", {"a": "1"})
    path = f"/api/v1/namespaces/{cluster.namespace}/configmaps/odoo"
    good = [{"op": "test", "path": "/data/a", "value": "1"}, {"op": "remove", "path": "/data/a"}]
    bad = [{"op": "add", "path": "/data/b", "value": "2"}, {"op": "remove", "path": "/data/zz"}]

    refused, _ = cluster.request("PATCH", path, bad, "application/json-patch+json")
    between = cluster.core.read_namespaced_config_map("odoo", cluster.namespace).data
    accepted, _ = cluster.request("PATCH", path, good, "application/json-patch+json")

    assert (refused, accepted) == (422, 200)
    assert between == {"a": "1"}
    assert not cluster.core.read_namespaced_config_map("odoo", cluster.namespace).data


@pytest.mark.parametrize("patch", [[1], [{"op": "add", "path": 5}], "text", {"op": "add"}])
def test_a_patch_that_is_none_is_refused(cluster: Cluster, patch: object) -> None:
    cluster.config_map("odoo", {"a": "1"})
    path = f"/api/v1/namespaces/{cluster.namespace}/configmaps/odoo"

    code, _ = cluster.request("PATCH", path, patch, "application/json-patch+json")

    assert code == 422


def test_the_spec_counts_generations_and_the_status_does_not(cluster: Cluster) -> None:
    first = cluster.deploy("web", 0).metadata.generation
    patch = cluster.apps.patch_namespaced_deployment

    noted = patch("web", cluster.namespace, {"metadata": {"annotations": {"a": "b"}}})
    scaled = patch("web", cluster.namespace, {"spec": {"replicas": 1}})
    ignored = patch("web", cluster.namespace, {"status": {"readyReplicas": 9}})

    assert (first, noted.metadata.generation, scaled.metadata.generation) == (1, 1, 2)
    assert ignored.status.ready_replicas != 9


def test_string_data_of_a_secret_is_stored_encoded(cluster: Cluster) -> None:
    body = {"metadata": {"name": "database"}, "stringData": {"url": "postgresql://x"}}
    cluster.core.create_namespaced_secret(cluster.namespace, body)

    secret = cluster.core.read_namespaced_secret("database", cluster.namespace)

    assert base64.b64decode(secret.data["url"]) == b"postgresql://x"
    assert (secret.type, secret.string_data) == ("Opaque", None)


def test_secret_data_must_be_base64(cluster: Cluster) -> None:
    body = {"metadata": {"name": "database"}, "data": {"url": "postgresql://x"}}

    create = cluster.core.create_namespaced_secret

    assert refusal(create, cluster.namespace, body) == (422, "Invalid")


@pytest.mark.parametrize(
    ("selector", "found"),
    [
        ("app=odoo", ["cron", "web"]),
        ("app==odoo,tier!=web", ["cron"]),
        ("tier in (web, other)", ["web"]),
        ("tier notin (web)", ["cron", "plain"]),
        ("!app", ["plain"]),
        ("app", ["cron", "web"]),
    ],
)
def test_label_selectors(cluster: Cluster, selector: str, found: list[str]) -> None:
    cluster.config_map("web", labels={"app": "odoo", "tier": "web"})
    cluster.config_map("cron", labels={"app": "odoo", "tier": "cron"})
    cluster.config_map("plain")

    page = cluster.core.list_namespaced_config_map(cluster.namespace, label_selector=selector)

    assert [item.metadata.name for item in page.items] == found


def test_only_the_fields_that_kubernetes_supports_can_be_selected(cluster: Cluster) -> None:
    cluster.config_map("one", {"a": "1"})
    cluster.config_map("two")
    select = cluster.core.list_namespaced_config_map

    named = select(cluster.namespace, field_selector="metadata.name!=one")

    assert [item.metadata.name for item in named.items] == ["two"]
    assert refusal(select, cluster.namespace, field_selector="data.a=1") == (400, "BadRequest")
    assert refusal(select, cluster.namespace, label_selector="a=b=c") == (400, "BadRequest")


def test_pages_cover_a_list_exactly_once(cluster: Cluster) -> None:
    for name in "abcde":
        cluster.config_map(name)
    names, token = [], None

    while True:
        page = cluster.core.list_namespaced_config_map(
            cluster.namespace, limit=2, **({"_continue": token} if token else {})
        )
        names += [item.metadata.name for item in page.items]
        token = page.metadata._continue  # noqa: SLF001
        if not token:
            break

    assert names == list("abcde")


def test_a_dry_run_leaves_no_trace(cluster: Cluster) -> None:
    before = cluster.config_map("kept", {"a": "1"})
    core, namespace = cluster.core, cluster.namespace

    core.create_namespaced_config_map(namespace, {"metadata": {"name": "dry"}}, dry_run="All")
    core.patch_namespaced_config_map("kept", namespace, {"data": {"a": "2"}}, dry_run="All")
    core.delete_namespaced_config_map("kept", namespace, dry_run="All")

    assert core.read_namespaced_config_map("kept", namespace).to_dict() == before.to_dict()
    assert refusal(core.read_namespaced_config_map, "dry", namespace)[0] == 404


def test_a_collection_is_deleted_by_selector(cluster: Cluster) -> None:
    cluster.config_map("old", labels={"age": "old"})
    cluster.config_map("new")

    cluster.core.delete_collection_namespaced_config_map(
        cluster.namespace, label_selector="age=old"
    )

    left = cluster.core.list_namespaced_config_map(cluster.namespace).items
    assert [item.metadata.name for item in left] == ["new"]


def test_a_deletion_with_another_uid_is_refused(cluster: Cluster) -> None:
    cluster.config_map("odoo")
    body = {"preconditions": {"uid": "another"}}

    delete = cluster.core.delete_namespaced_config_map

    assert refusal(delete, "odoo", cluster.namespace, body=body) == (409, "Conflict")


def test_a_finalizer_holds_an_object_until_it_is_removed(cluster: Cluster) -> None:
    cluster.config_map("held", finalizers=["signalbox.local/hold"])
    core, namespace = cluster.core, cluster.namespace

    core.delete_namespaced_config_map("held", namespace)
    held = core.read_namespaced_config_map("held", namespace)
    core.patch_namespaced_config_map("held", namespace, {"metadata": {"finalizers": None}})

    assert held.metadata.deletion_timestamp
    assert refusal(core.read_namespaced_config_map, "held", namespace)[0] == 404


def test_dependents_go_with_their_owner_unless_orphaned(cluster: Cluster) -> None:
    def owned(name: str) -> None:
        uid = cluster.config_map(f"{name}-owner").metadata.uid
        owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": f"{name}-owner", "uid": uid}
        cluster.config_map(name, ownerReferences=[owner])

    owned("goes")
    owned("stays")
    delete = cluster.core.delete_namespaced_config_map

    delete("goes-owner", cluster.namespace)
    delete("stays-owner", cluster.namespace, propagation_policy="Orphan")

    left = cluster.core.list_namespaced_config_map(cluster.namespace).items
    assert [item.metadata.name for item in left] == ["stays"]
    assert not left[0].metadata.owner_references


def test_a_namespace_goes_with_its_content_and_takes_nothing_new(cluster: Cluster) -> None:
    core = cluster.core
    core.create_namespace({"metadata": {"name": "leaving"}})
    held = {"metadata": {"name": "held", "finalizers": ["signalbox.local/hold"]}}
    core.create_namespaced_config_map("leaving", held)
    core.create_namespaced_secret("leaving", {"metadata": {"name": "free"}})

    core.delete_namespace("leaving")
    late = refusal(core.create_namespaced_secret, "leaving", {"metadata": {"name": "late"}})
    secrets = core.list_namespaced_secret("leaving").items
    core.patch_namespaced_config_map("held", "leaving", {"metadata": {"finalizers": None}})

    assert late == (403, "Forbidden")
    assert secrets == []
    assert eventually(lambda: refusal(core.read_namespace, "leaving")[0] == 404)


def test_the_scale_of_a_deployment_is_its_number_of_replicas(cluster: Cluster) -> None:
    cluster.deploy("web", 2)
    apps, namespace = cluster.apps, cluster.namespace

    before = apps.read_namespaced_deployment_scale("web", namespace)
    apps.patch_namespaced_deployment_scale("web", namespace, {"spec": {"replicas": 3}})
    after = apps.read_namespaced_deployment("web", namespace)
    negative = {"spec": {"replicas": -1}}

    assert (before.spec.replicas, after.spec.replicas) == (2, 3)
    refused = refusal(apps.patch_namespaced_deployment_scale, "web", namespace, negative)
    assert refused == (422, "Invalid")
