"""What outlives the emulator: objects do, processes do not."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from infra.local.kubernetes import KubernetesEmulator
from tests.contract.kubernetes.support import Cluster, eventually, gone, refusal

ONCE_THEN_DONE = """
import os, pathlib, time
mark = pathlib.Path({mark!r})
if mark.exists():
    raise SystemExit(0)
mark.write_text(str(os.getpid()))
time.sleep(600)
"""


@contextmanager
def _running(folder: Path, *options: str) -> Iterator[tuple["subprocess.Popen[str]", Cluster]]:
    """An emulator as a process of its own."""
    command = [sys.executable, "-m", "infra.local.kubernetes", f"--folder={folder}", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        cluster = Cluster(process.stdout.readline().strip())
        try:
            yield process, cluster
        finally:
            cluster.close()
            process.terminate()


def test_objects_and_versions_survive_a_restart(tmp_path: Path) -> None:
    with KubernetesEmulator(tmp_path) as emulator:
        cluster = Cluster(emulator.url)
        before = cluster.config_map("odoo", {"workers": "4"})
        cluster.config_map("gone")
        cluster.core.delete_namespaced_config_map("gone", "default")
        cluster.close()

    with KubernetesEmulator(tmp_path) as emulator:
        cluster = Cluster(emulator.url)
        after = cluster.core.read_namespaced_config_map("odoo", "default")
        gone = refusal(cluster.core.read_namespaced_config_map, "gone", "default")
        later = cluster.config_map("later")
        cluster.close()

    assert after.to_dict() == before.to_dict()
    assert gone[0] == 404
    assert int(later.metadata.resource_version) > int(before.metadata.resource_version)


def test_a_watch_from_before_a_restart_must_list_again(tmp_path: Path) -> None:
    with KubernetesEmulator(tmp_path) as emulator:
        cluster = Cluster(emulator.url)
        version = cluster.config_map("odoo").metadata.resource_version
        cluster.config_map("later")
        cluster.close()

    with KubernetesEmulator(tmp_path) as emulator:
        cluster = Cluster(emulator.url)
        call = cluster.core.list_namespaced_config_map
        expired = refusal(call, "default", watch=True, resource_version=version)
        cluster.close()

    assert expired == (410, "Expired")


def test_a_started_emulator_can_be_stopped_and_started_again(tmp_path: Path) -> None:
    emulator = KubernetesEmulator(tmp_path)

    for _ in range(2):
        emulator.start()
        cluster = Cluster(emulator.url)
        names = [item.metadata.name for item in cluster.core.list_namespace().items]
        cluster.close()
        emulator.stop()

    emulator.stop()
    assert names == ["default", "kube-system"]


def test_a_killed_emulator_takes_its_jobs_along_and_the_next_one_tries_them_again(
    tmp_path: Path,
) -> None:
    mark = tmp_path / "mark"
    with _running(tmp_path / "state") as (process, cluster):
        cluster.run("restore", ONCE_THEN_DONE.format(mark=str(mark)), backoffLimit=1)
        pid = int(eventually(lambda: mark.exists() and mark.read_text()))
        process.send_signal(signal.SIGKILL)
        process.wait()
        eventually(lambda: gone(pid))

    with _running(tmp_path / "state") as (_, cluster):
        end = cluster.finished("restore")
        phases = sorted(pod.status.phase for pod in cluster.pods("job-name=restore"))

    assert end.type == "Complete"
    assert phases == ["Failed", "Succeeded"]


def test_a_stopped_emulator_leaves_no_process(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    with _running(tmp_path / "state") as (process, cluster):
        cluster.run("restore", ONCE_THEN_DONE.format(mark=str(mark)))
        pid = int(eventually(lambda: mark.exists() and mark.read_text()))

        process.terminate()
        code = process.wait(10)

        assert code == 0
        assert gone(pid)


def test_the_command_line_gives_jobs_a_variable_and_writes_a_kubeconfig(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIVEN", "yes")
    config = tmp_path / "kubeconfig"

    with _running(tmp_path, "--give=GIVEN", f"--kubeconfig={config}") as (_, cluster):
        cluster.run("env", "import os; print(os.environ['GIVEN'])")
        cluster.finished("env")
        output = cluster.log("env")

    assert output == "yes\n"
    assert yaml.safe_load(config.read_text())["clusters"][0]["cluster"]["server"] == cluster.url


def test_what_deleted_pods_left_on_disk_is_removed(tmp_path: Path) -> None:
    leftover = tmp_path / "pods" / "unknown"
    leftover.mkdir(parents=True)

    with KubernetesEmulator(tmp_path):
        pass

    assert not leftover.exists()
