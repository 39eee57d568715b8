from collections.abc import Iterator
from itertools import count
from typing import TYPE_CHECKING

import pytest

from tests.contract.kubernetes.support import Cluster

if TYPE_CHECKING:
    from infra.local.kubernetes import KubernetesEmulator

_numbers = count(1)


@pytest.fixture
def cluster(kubernetes: "KubernetesEmulator") -> Iterator[Cluster]:
    """The session's emulator, with a namespace of the test's own that is deleted after it."""
    cluster = Cluster(kubernetes.url, f"test-{next(_numbers)}")
    cluster.core.create_namespace({"metadata": {"name": cluster.namespace}})
    yield cluster
    cluster.core.delete_namespace(cluster.namespace)
    cluster.close()
