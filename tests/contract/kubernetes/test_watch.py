"""Watches: every change once, in order, as the selector sees it."""

from collections.abc import Callable, Iterator
from typing import Any

from kubernetes import watch

from tests.contract.kubernetes.support import Cluster, refusal


def _events(cluster: Cluster, steps: list[Callable[[], Any]], **query: Any) -> list[str]:
    """Watch ConfigMaps; after each event take the next step, and stop after the last event."""
    seen, left = [], iter(steps)
    for event in _stream(cluster, **query):
        seen.append(f"{event['type']} {event['object'].metadata.name}")
        if (step := next(left, None)) is None:
            break
        step()
    return seen


def _stream(cluster: Cluster, **query: Any) -> Iterator[Any]:
    call = cluster.core.list_namespaced_config_map
    return watch.Watch().stream(call, cluster.namespace, timeout_seconds=10, **query)


def test_a_watch_tells_of_each_change_after_its_version(cluster: Cluster) -> None:
    cluster.config_map("before")
    version = cluster.core.list_namespaced_config_map(cluster.namespace).metadata.resource_version
    cluster.config_map("odoo")
    core, namespace = cluster.core, cluster.namespace

    steps = [
        lambda: core.patch_namespaced_config_map("odoo", namespace, {"data": {"a": "1"}}),
        lambda: core.delete_namespaced_config_map("odoo", namespace),
    ]
    seen = _events(cluster, steps, resource_version=version)

    assert seen == ["ADDED odoo", "MODIFIED odoo", "DELETED odoo"]


def test_a_watch_without_version_begins_with_what_exists(cluster: Cluster) -> None:
    cluster.config_map("before")

    seen = _events(cluster, [lambda: cluster.config_map("after")])

    assert seen == ["ADDED before", "ADDED after"]


def test_an_object_that_leaves_the_selector_is_deleted_for_the_watch(cluster: Cluster) -> None:
    cluster.config_map("odoo", labels={"watched": "yes"})

    def relabel(value: str) -> Callable[[], Any]:
        body = {"metadata": {"labels": {"watched": value}}}
        patch = cluster.core.patch_namespaced_config_map
        return lambda: patch("odoo", cluster.namespace, body)

    seen = _events(cluster, [relabel("no"), relabel("yes")], label_selector="watched=yes")

    assert seen == ["ADDED odoo", "DELETED odoo", "ADDED odoo"]


def test_a_watch_ends_with_its_timeout(cluster: Cluster) -> None:
    call = cluster.core.list_namespaced_secret

    events = list(watch.Watch().stream(call, cluster.namespace, timeout_seconds=1))

    assert events == []


def test_a_watch_from_before_the_history_must_list_again(cluster: Cluster) -> None:
    call = cluster.core.list_namespaced_config_map

    malformed = refusal(call, cluster.namespace, watch=True, resource_version="yesterday")

    assert malformed == (400, "BadRequest")
