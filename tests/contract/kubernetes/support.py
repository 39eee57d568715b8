"""What the tests of the Kubernetes emulator share: objects to create, waiting with a deadline."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import psutil
from kubernetes import client
from kubernetes.client.rest import ApiException

Json = dict[str, Any]


class Cluster:
    """The official client's interfaces to one emulator, and a namespace to work in."""

    def __init__(self, url: str, namespace: str = "default") -> None:
        configuration = client.Configuration()
        configuration.host = url
        configuration.retries = False
        self.url = url
        self.namespace = namespace
        self.client = client.ApiClient(configuration)
        self.core = client.CoreV1Api(self.client)
        self.apps = client.AppsV1Api(self.client)
        self.batch = client.BatchV1Api(self.client)
        self.custom = client.CustomObjectsApi(self.client)
        self.definitions = client.ApiextensionsV1Api(self.client)

    def close(self) -> None:
        self.client.close()
        self.client.rest_client.pool_manager.clear()

    def request(
        self, method: str, path: str, body: Any = None, content_type: str = "application/json"
    ) -> tuple[int, Json]:
        """Send what the client would not send; ``body`` may be bytes that are no JSON."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, method=method)
        request.add_header("Content-Type", content_type)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read())

    def apply(
        self, path: str, config: Json, manager: str, *, force: bool = False
    ) -> tuple[int, Json]:
        query = f"?fieldManager={manager}&force={str(force).lower()}"
        return self.request("PATCH", path + query, config, "application/apply-patch+yaml")

    def config_map(self, name: str, data: dict[str, str] | None = None, **metadata: Any) -> Any:
        body = {"metadata": {"name": name, **metadata}, "data": data or {}}
        return self.core.create_namespaced_config_map(self.namespace, body)

    def run(self, name: str, code: str, **spec: Any) -> Any:
        """Create a Job that runs Python code; ``container`` adds to its only container."""
        container = {"name": "main", "image": "any", "command": ["python", "-c", code]}
        container |= spec.pop("container", {})
        template = {"spec": {"restartPolicy": "Never", "containers": [container]}}
        body = {
            "metadata": {"name": name},
            "spec": {"backoffLimit": 0, **spec, "template": template},
        }
        return self.batch.create_namespaced_job(self.namespace, body)

    def job(self, name: str) -> Any:
        return self.batch.read_namespaced_job(name, self.namespace)

    def finished(self, name: str) -> Any:
        """Wait for the Job's end and return the condition that ended it."""

        def ending() -> Any:
            conditions = self.job(name).status.conditions or []
            return next((c for c in conditions if c.type in ("Complete", "Failed")), None)

        return eventually(ending)

    def pods(self, selector: str) -> list[Any]:
        return self.core.list_namespaced_pod(self.namespace, label_selector=selector).items

    def pod(self, job: str) -> Any:
        """Wait for the Job's first Pod to run or to be over."""

        def started() -> Any:
            pods = self.pods(f"job-name={job}")
            return next((pod for pod in pods if pod.status.phase != "Pending"), None)

        return eventually(started)

    def log(self, job: str, **options: Any) -> str:
        name = self.pod(job).metadata.name
        return self.core.read_namespaced_pod_log(name, self.namespace, **options)

    def deploy(self, name: str, replicas: int = 2, **spec: Any) -> Any:
        body = deployment(name, replicas)
        body["spec"].update(spec)
        return self.apps.create_namespaced_deployment(self.namespace, body)

    def rolled_out(self, name: str) -> Any:
        """Wait until the Deployment has as many ready Pods of its newest kind as it wants."""

        def done() -> Any:
            found = self.apps.read_namespaced_deployment(name, self.namespace)
            wanted, status = found.spec.replicas, found.status
            counts = (status.replicas, status.updated_replicas, status.ready_replicas)
            current = status.observed_generation == found.metadata.generation
            return found if current and all((n or 0) == wanted for n in counts) else None

        return eventually(done)


def deployment(name: str, replicas: int = 2) -> Json:
    template = {
        "metadata": {"labels": {"app": name}},
        "spec": {
            "containers": [
                {"name": "odoo", "image": "odoo:18.0", "env": [{"name": "A", "value": "1"}]},
                {"name": "sidecar", "image": "proxy:1"},
            ]
        },
    }
    selector = {"matchLabels": {"app": name}}
    spec = {"replicas": replicas, "selector": selector, "template": template}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": spec,
    }


def gone(pid: int) -> bool:
    """Whether the process has ended; init may take its time to collect it."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def eventually(probe: Callable[[], Any], seconds: float = 10) -> Any:
    """Return the probe's first true answer, and fail when there is none in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := probe():
            return answer
        time.sleep(0.02)
    raise AssertionError(f"not within {seconds} s: {probe.__qualname__}")


def refusal(call: Callable[..., Any], *args: Any, **kwargs: Any) -> tuple[int, str]:
    """Return the code and the reason with which the API refuses the call."""
    try:
        call(*args, **kwargs)
    except ApiException as error:
        return error.status, json.loads(error.body)["reason"]
    raise AssertionError("the call was not refused")
