"""The HTTP side: strangers, mistakes and malice are answered with a Status."""

import http.client
import shutil
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from infra.local.kubernetes import KubernetesEmulator
from tests.contract.kubernetes.support import Cluster, deployment

MATRIX = Path(__file__).parents[4] / "shared" / "checks" / "cluster_matrix.py"
CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"


@pytest.fixture
def address(kubernetes: KubernetesEmulator) -> tuple[str, int]:
    url = urlsplit(kubernetes.url)
    assert url.hostname
    assert url.port
    return (url.hostname, url.port)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"",
        b"[]",
        b'"text"',
        b"\xff\xfe",
        b'{"metadata": "text"}',
        b'{"metadata": {"name": 5}}',
        b'{"metadata": {"name": "a", "labels": ["x"]}}',
        b'{"metadata": {"name": "a"}, "data": {"a": NaN}}',
        b'{"metadata": {"name": "a"}, "data": ' + b'{"a":' * 50_000 + b"1" + b"}" * 50_001,
        b'{"kind": "Secret", "metadata": {"name": "a"}}',
        b'{"metadata": {"name": "a", "namespace": "other"}}',
    ],
    ids=lambda body: body[:45].decode(errors="replace"),
)
def test_a_malformed_body_is_a_bad_request(cluster: Cluster, body: bytes) -> None:
    code, status = cluster.request("POST", CONFIG_MAPS, body)

    assert (code, status["kind"], status["reason"]) == (400, "Status", "BadRequest")


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/api/v2",
        "/api/v1/things",
        "/api/v1/namespaces/default/configmaps/a/b/c",
        "/api/v1/namespaces/default/configmaps/a/scale",
        "/api/v1/configmaps/a",
        "/api/v1/namespaces/default/nodes",
        "/apis/nope.io",
        "/..%2f..%2fetc/passwd",
    ],
)
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_unknown_path_is_not_found(cluster: Cluster, method: str, path: str) -> None:
    code, status = cluster.request(method, path)

    assert (code, status["kind"], status["reason"]) == (404, "Status", "NotFound")


@pytest.mark.parametrize(
    "query", ["limit=x", "limit=-1", "continue=%25%25", "timeoutSeconds=soon&watch=true"]
)
def test_a_malformed_query_is_a_bad_request(cluster: Cluster, query: str) -> None:
    assert cluster.request("GET", f"{CONFIG_MAPS}?{query}")[0] == 400


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", CONFIG_MAPS),
        ("POST", CONFIG_MAPS + "/a"),
        ("POST", "/api/v1/configmaps"),
        ("DELETE", "/apis/apps/v1/namespaces/default/deployments/a/status"),
    ],
)
def test_a_method_that_does_not_fit_is_not_allowed(
    cluster: Cluster, method: str, path: str
) -> None:
    assert cluster.request(method, path, {})[0] == 405


def test_an_unknown_patch_format_is_unsupported(cluster: Cluster) -> None:
    cluster.config_map("odoo")
    path = f"/api/v1/namespaces/{cluster.namespace}/configmaps/odoo"

    assert cluster.request("PATCH", path, {}, "application/json")[0] == 415


@pytest.mark.parametrize(
    ("head", "code"),
    [
        ("Content-Length: 99999999999", b"413"),
        ("Content-Length: -1", b"411"),
        ("Content-Length: many", b"411"),
        ("Transfer-Encoding: chunked", b"411"),
    ],
)
def test_a_body_without_an_honest_length_is_refused(
    address: tuple[str, int], head: str, code: bytes
) -> None:
    with socket.create_connection(address, timeout=5) as connection:
        connection.sendall(f"POST {CONFIG_MAPS} HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n".encode())

        assert connection.recv(100).split()[1] == code


def test_one_connection_serves_many_requests_without_delay(address: tuple[str, int]) -> None:
    connection = http.client.HTTPConnection(*address, timeout=5)
    times = []

    for _ in range(20):
        started = time.perf_counter()
        connection.request("GET", "/api/v1/namespaces")
        connection.getresponse().read()
        times.append(time.perf_counter() - started)

    connection.close()
    assert statistics.median(times) < 0.03


def test_stopping_ends_watches_and_idle_connections() -> None:
    emulator = KubernetesEmulator()
    emulator.start()
    url = urlsplit(emulator.url)
    assert url.hostname
    idle = http.client.HTTPConnection(url.hostname, url.port, timeout=5)
    idle.request("GET", "/version")
    idle.getresponse().read()
    watching = http.client.HTTPConnection(url.hostname, url.port, timeout=5)
    watching.request("GET", CONFIG_MAPS + "?watch=true")
    answer = watching.getresponse()

    emulator.stop()

    assert answer.read() == b""
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((url.hostname, url.port), timeout=5)
    idle.close()
    watching.close()


@pytest.fixture
def kubectl(kubernetes: KubernetesEmulator, tmp_path: Path) -> Any:
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl is not on the PATH")
    config = tmp_path / "kubeconfig"
    kubernetes.write_kubeconfig(config)

    def run(*words: str) -> str:
        command = ["kubectl", f"--kubeconfig={config}", f"--cache-dir={tmp_path}", *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_kubectl_applies_waits_and_reads_logs(
    cluster: Cluster, kubectl: Any, tmp_path: Path
) -> None:
    cluster.run("now", "print('by hand')")
    manifest = tmp_path / "web.json"
    body = deployment("web")
    manifest.write_text(str(body).replace("'", '"'))
    namespace = f"--namespace={cluster.namespace}"

    kubectl("apply", namespace, f"--filename={manifest}")
    rollout = kubectl("rollout", "status", "deployment/web", namespace, "--timeout=10s")
    kubectl("wait", "job/now", namespace, "--for=condition=Complete", "--timeout=10s")

    assert "successfully rolled out" in rollout
    assert kubectl("logs", "job/now", namespace) == "by hand\n"


def test_the_external_matrix_passes() -> None:
    if not MATRIX.exists():
        pytest.skip("the external matrix of checks is not beside this checkout")
    quick = [] if shutil.which("kubectl") else ["--no-kubectl"]

    with KubernetesEmulator() as emulator:
        command = [sys.executable, str(MATRIX), emulator.url, *quick]
        done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)

    failed = [line for line in done.stdout.splitlines() if line.startswith("FAIL")]
    assert failed == []
    assert "SUMMARY" in done.stdout
