"""The emulator as one thing to start and stop."""

import tempfile
from collections.abc import Collection, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import yaml

from infra.local.kubernetes.api import NAMESPACES, Api
from infra.local.kubernetes.controllers import Controllers, Watched
from infra.local.kubernetes.cronjobs import CronJobController
from infra.local.kubernetes.dispatch import Dispatcher
from infra.local.kubernetes.jobs import JobController
from infra.local.kubernetes.journal import Journal
from infra.local.kubernetes.kubelet import Kubelet
from infra.local.kubernetes.objects import Target
from infra.local.kubernetes.operators import ApplicationController, ClusterOperator
from infra.local.kubernetes.resources import Registry, Resource
from infra.local.kubernetes.server import Server
from infra.local.kubernetes.store import Store
from infra.local.kubernetes.workloads import WorkloadController

_NODES = Resource("", "v1", "nodes", "Node", namespaced=False)
_FIRST_NAMESPACES = ("default", "kube-system")
_SETTLE_SECONDS = 0.05


class KubernetesEmulator:
    """A Kubernetes API for the official client and kubectl; Jobs run as local processes.

    ``folder`` keeps the state over restarts, None forgets it. ``environment`` is what every Job's
    process sees beside its own variables. ``delay`` is how many seconds Pods take to get ready and
    Jobs to try again. ``denied`` are verbs on resources (``update deployments.apps``) that access
    reviews answer with no; requests for them are served all the same.
    """

    def __init__(
        self,
        folder: Path | None = None,
        port: int = 0,
        environment: Mapping[str, str] | None = None,
        *,
        delay: float = 0.2,
        denied: Collection[str] = (),
    ) -> None:
        self._folder = folder
        self._port = port
        self._environment = dict(environment or {})
        self._delay = delay
        self._denied = denied
        self._running = ExitStack()
        self.url = ""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Return when requests are answered."""
        with ExitStack() as starting:
            folder = self._folder or Path(
                starting.enter_context(tempfile.TemporaryDirectory(prefix="kubernetes-"))
            )
            store = self._open_store(starting)
            api = Api(store, Registry())
            _furnish(api)
            kubelet = Kubelet(api, folder / "pods", self._environment, self._delay)
            server = Server(Dispatcher(api, kubelet.logs, self._denied), self._port)
            starting.callback(kubelet.stop)
            starting.callback(server.stop)
            controllers = Controllers(api, self._watched(api, kubelet))
            starting.callback(controllers.join)
            starting.callback(store.close)
            controllers.start()
            server.start()
            self._running = starting.pop_all()
        self.url = server.url

    def _open_store(self, starting: ExitStack) -> Store:
        if self._folder is None:
            return Store()
        journal = Journal(self._folder / "objects.sqlite")
        starting.callback(journal.close)
        return Store(journal)

    def _watched(self, api: Api, kubelet: Kubelet) -> dict[tuple[str, str], Watched]:
        workloads = Watched(WorkloadController(api, self._delay), _SETTLE_SECONDS)
        return {
            ("", "pods"): Watched(kubelet),
            ("apps", "deployments"): workloads,
            ("apps", "statefulsets"): workloads,
            ("argoproj.io", "applications"): Watched(ApplicationController(api), self._delay),
            ("batch", "cronjobs"): Watched(CronJobController(api)),
            ("batch", "jobs"): Watched(JobController(api, self._delay)),
            ("postgresql.cnpg.io", "clusters"): Watched(ClusterOperator(api), self._delay),
        }

    def stop(self) -> None:
        """End the processes of all Jobs, then the server; safe to repeat."""
        self._running.close()

    def write_kubeconfig(self, path: Path) -> None:
        """Write a file for kubectl's ``--kubeconfig``."""
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "signalbox", "cluster": {"server": self.url}}],
            "users": [{"name": "signalbox", "user": {}}],
            "contexts": [
                {"name": "signalbox", "context": {"cluster": "signalbox", "user": "signalbox"}}
            ],
            "current-context": "signalbox",
        }
        path.write_text(yaml.safe_dump(config))


def _furnish(api: Api) -> None:
    """Create what every cluster has."""
    for name in _FIRST_NAMESPACES:
        if api.store.get(Target(NAMESPACES, name=name).key) is None:
            api.create(Target(NAMESPACES), {"metadata": {"name": name}})
    node = Target(_NODES, name="local")
    if api.store.get(node.key) is None:
        ready = {"type": "Ready", "status": "True", "reason": "KubeletReady"}
        api.create(
            Target(_NODES), {"metadata": {"name": "local"}, "status": {"conditions": [ready]}}
        )
