"""Whoever asks what they may do gets the answer of a real API server."""

from collections.abc import Iterator

import pytest
from kubernetes.client import (
    AuthorizationV1Api,
    V1ResourceAttributes,
    V1SelfSubjectAccessReview,
    V1SelfSubjectAccessReviewSpec,
)

from infra.local.kubernetes import KubernetesEmulator
from tests.contract.kubernetes.support import Cluster

REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


@pytest.fixture(scope="module")
def strict() -> Iterator[Cluster]:
    with KubernetesEmulator(denied={"update deployments.apps", "get pods/log"}) as emulator:
        cluster = Cluster(emulator.url)
        yield cluster
        cluster.close()


@pytest.mark.parametrize(
    ("attributes", "allowed"),
    [
        ({"verb": "update", "group": "apps", "resource": "deployments"}, False),
        ({"verb": "get", "group": "apps", "resource": "deployments"}, True),
        ({"verb": "update", "group": "", "resource": "deployments"}, True),
        ({"verb": "get", "resource": "pods", "subresource": "log"}, False),
        ({"verb": "get", "resource": "pods"}, True),
    ],
)
def test_exactly_what_was_denied_is_not_allowed(
    strict: Cluster, attributes: dict[str, str], allowed: bool
) -> None:
    wanted = V1ResourceAttributes(namespace="anywhere", **attributes)
    review = V1SelfSubjectAccessReview(
        spec=V1SelfSubjectAccessReviewSpec(resource_attributes=wanted)
    )

    answer = AuthorizationV1Api(strict.client).create_self_subject_access_review(review)

    assert answer.status.allowed is allowed
    assert answer.spec.resource_attributes.namespace == "anywhere"


@pytest.mark.parametrize(
    ("method", "body", "status"),
    [("POST", {}, 400), ("POST", {"spec": {"resourceAttributes": {}}}, 400), ("GET", None, 405)],
)
def test_a_review_of_nothing_is_refused(
    strict: Cluster, method: str, body: dict[str, object] | None, status: int
) -> None:
    code, answer = strict.request(method, REVIEWS, body)

    assert (code, answer["kind"]) == (status, "Status")
