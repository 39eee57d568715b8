"""Jobs: real processes with a real environment, output and exit code."""

import base64
from pathlib import Path
from typing import Any

import pytest

from infra.local.kubernetes import FIRE_ANNOTATION, KubernetesEmulator
from tests.contract.kubernetes.support import Cluster, eventually, gone, refusal

FOREVER = "import time; print('started', flush=True); time.sleep(600)"


def _secret(cluster: Cluster, name: str, **data: str) -> None:
    body = {"metadata": {"name": name}, "stringData": data}
    cluster.core.create_namespaced_secret(cluster.namespace, body)


def test_a_job_runs_its_command_and_keeps_its_output(cluster: Cluster) -> None:
    cluster.run("hello", "print('hello'); import sys; print('oops', file=sys.stderr)")

    end = cluster.finished("hello")

    assert (end.type, end.status) == ("Complete", "True")
    assert cluster.job("hello").status.succeeded == 1
    assert cluster.job("hello").status.completion_time
    assert sorted(cluster.log("hello").splitlines()) == ["hello", "oops"]
    assert cluster.pod("hello").status.phase == "Succeeded"


def test_a_failing_command_fails_the_job_with_its_exit_code(cluster: Cluster) -> None:
    cluster.run("bad", "raise SystemExit(3)")

    end = cluster.finished("bad")

    assert (end.type, end.reason) == ("Failed", "BackoffLimitExceeded")
    assert cluster.job("bad").status.failed == 1
    ended = cluster.pod("bad").status.container_statuses[0].state.terminated
    assert (ended.exit_code, ended.reason) == (3, "Error")


def test_a_command_killed_by_a_signal_exits_with_128_and_its_number(cluster: Cluster) -> None:
    cluster.run("killed", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")

    cluster.finished("killed")

    ended = cluster.pod("killed").status.container_statuses[0].state.terminated
    assert ended.exit_code == 137


def test_a_command_that_does_not_exist_fails_and_says_so(cluster: Cluster) -> None:
    cluster.run("missing", "", container={"command": ["no-such-program"]})

    cluster.finished("missing")

    assert "cannot start 'no-such-program'" in cluster.log("missing")


def test_the_last_output_is_the_termination_message_if_asked_for(cluster: Cluster) -> None:
    container = {"terminationMessagePolicy": "FallbackToLogsOnError"}
    cluster.run("bad", "raise SystemExit('disk full')", container=container)

    cluster.finished("bad")

    ended = cluster.pod("bad").status.container_statuses[0].state.terminated
    assert ended.message == "disk full\n"


def test_a_job_is_tried_again_up_to_its_backoff_limit(cluster: Cluster, tmp_path: Path) -> None:
    tries = tmp_path / "tries"
    code = f"open({str(tries)!r}, 'a').write('x'); raise SystemExit(1)"
    cluster.run("bad", code, backoffLimit=2)

    cluster.finished("bad")

    assert tries.read_text() == "xxx"
    assert cluster.job("bad").status.failed == 3


def test_a_job_completes_when_enough_pods_have_succeeded(cluster: Cluster) -> None:
    cluster.run("many", "pass", completions=3, parallelism=2)

    cluster.finished("many")

    assert cluster.job("many").status.succeeded == 3
    assert len(cluster.pods("job-name=many")) == 3


def test_a_job_without_a_command_has_nothing_to_run_and_completes(cluster: Cluster) -> None:
    cluster.run("image", "", container={"command": []})

    assert cluster.finished("image").type == "Complete"
    assert cluster.log("image") == ""


def test_arguments_without_a_command_cannot_be_run(cluster: Cluster) -> None:
    cluster.run("image", "", container={"command": [], "args": ["--stop-after-init"]})

    def reason() -> Any:
        statuses = [pod.status.container_statuses for pod in cluster.pods("job-name=image")]
        return statuses and statuses[0] and statuses[0][0].state.waiting.reason

    assert eventually(reason) == "CreateContainerError"


def test_the_environment_comes_from_values_secrets_config_maps_and_the_pod(
    cluster: Cluster,
) -> None:
    _secret(cluster, "database", url="postgresql://erp")
    _secret(cluster, "keys", KEY="from-secret")
    cluster.config_map("odoo", {"workers": "4"})
    env = [
        {"name": "HOST", "value": "erp"},
        {"name": "ADDRESS", "value": "http://$(HOST)/$$(HOST)/$(UNKNOWN)"},
        {"name": "URL", "valueFrom": {"secretKeyRef": {"name": "database", "key": "url"}}},
        {"name": "WORKERS", "valueFrom": {"configMapKeyRef": {"name": "odoo", "key": "workers"}}},
        {"name": "JOB", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['job-name']"}}},
        {
            "name": "NONE",
            "valueFrom": {"secretKeyRef": {"name": "no", "key": "no", "optional": True}},
        },
    ]
    env_from = [{"prefix": "SECRET_", "secretRef": {"name": "keys"}}]
    code = (
        "import os; names = 'ADDRESS URL WORKERS JOB SECRET_KEY NONE'.split()\n"
        "print([os.environ.get(name) for name in names])"
    )

    cluster.run("env", code, container={"env": env, "envFrom": env_from})

    cluster.finished("env")
    expected = [
        "http://erp/$(HOST)/$(UNKNOWN)",
        "postgresql://erp",
        "4",
        "env",
        "from-secret",
        None,
    ]
    assert cluster.log("env").strip() == str(expected)


def test_arguments_see_the_environment(cluster: Cluster) -> None:
    env = [{"name": "WHO", "value": "odoo"}]
    code = "import sys; print(sys.argv[1:])"

    cluster.run("args", code, container={"env": env, "args": ["--db=$(WHO)", "$$x", "a b; c"]})

    cluster.finished("args")
    assert cluster.log("args").strip() == "['--db=odoo', '$x', 'a b; c']"


def test_a_job_waits_for_a_secret_that_does_not_exist_yet(cluster: Cluster) -> None:
    env = [{"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "late", "key": "key"}}}]
    cluster.run("waits", "import os; print(os.environ['KEY'])", container={"env": env})

    def reason() -> Any:
        statuses = [pod.status.container_statuses for pod in cluster.pods("job-name=waits")]
        return statuses and statuses[0] and statuses[0][0].state.waiting.reason

    assert eventually(reason) == "CreateContainerConfigError"
    _secret(cluster, "late", key="now")
    assert cluster.finished("waits").type == "Complete"
    assert cluster.log("waits") == "now\n"


def test_a_job_sees_the_given_environment_and_nothing_else_of_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OUR_SECRET", "x")
    code = "import os; print(sorted(os.environ))"

    with KubernetesEmulator(environment={"GIVEN": "yes"}) as emulator:
        cluster = Cluster(emulator.url)
        cluster.run("env", code)
        cluster.finished("env")
        names = cluster.log("env")
        cluster.close()

    assert "'GIVEN'" in names
    assert "OUR_SECRET" not in names


def test_output_is_readable_while_the_job_runs(cluster: Cluster) -> None:
    cluster.run("slow", FOREVER)

    assert eventually(lambda: cluster.log("slow")) == "started\n"
    status = cluster.job("slow").status
    assert (status.active, status.ready, status.succeeded) == (1, 1, None)


def test_the_output_can_be_followed_to_its_end(cluster: Cluster, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    code = (
        "import pathlib, time; print('one', flush=True)\n"
        f"while not pathlib.Path({str(gate)!r}).exists(): time.sleep(0.01)\n"
        "print('two')"
    )
    cluster.run("follow", code)
    pod = cluster.pod("follow").metadata.name

    stream = cluster.core.read_namespaced_pod_log(
        pod, cluster.namespace, follow=True, _preload_content=False
    )
    first = stream.readline()
    gate.touch()
    rest = stream.read()

    assert (first, rest) == (b"one\n", b"two\n")


def test_the_tail_of_the_output_can_be_asked_for(cluster: Cluster) -> None:
    cluster.run("lines", "print('1\\n2\\n3')")
    cluster.finished("lines")

    assert cluster.log("lines", tail_lines=2) == "2\n3\n"
    assert cluster.log("lines", limit_bytes=3) == "1\n2"


@pytest.mark.parametrize("policy", ["Background", "Foreground", "Orphan", None])
def test_deleting_a_job_ends_its_whole_process_group(cluster: Cluster, policy: str | None) -> None:
    code = (
        "import os, subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "print(os.getpid(), child.pid, flush=True); child.wait()"
    )
    cluster.run("group", code)
    pids = [int(pid) for pid in eventually(lambda: cluster.log("group")).split()]

    options = {"propagation_policy": policy} if policy else {}
    cluster.batch.delete_namespaced_job("group", cluster.namespace, **options)

    assert len(pids) == 2
    assert eventually(lambda: all(map(gone, pids)))
    assert not cluster.pods("job-name=group")


def test_a_process_that_ignores_the_polite_signal_is_killed(cluster: Cluster) -> None:
    code = (
        "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print(os.getpid(), flush=True); time.sleep(600)"
    )
    cluster.run("stubborn", code)
    pid = int(eventually(lambda: cluster.log("stubborn")))

    cluster.batch.delete_namespaced_job("stubborn", cluster.namespace)

    assert eventually(lambda: gone(pid))


def test_a_job_that_is_active_too_long_fails(cluster: Cluster) -> None:
    cluster.run("long", FOREVER, activeDeadlineSeconds=1, backoffLimit=6)

    end = cluster.finished("long")

    assert (end.type, end.reason) == ("Failed", "DeadlineExceeded")
    assert not cluster.pods("job-name=long")


def test_a_finished_job_goes_after_its_time_to_live(cluster: Cluster) -> None:
    cluster.run("brief", "pass", ttlSecondsAfterFinished=0)

    def expired() -> bool:
        return not cluster.batch.list_namespaced_job(cluster.namespace).items

    assert eventually(expired)
    assert not cluster.pods("job-name=brief")


def test_a_suspended_job_starts_when_it_is_resumed(cluster: Cluster) -> None:
    cluster.run("later", "pass", suspend=True)
    eventually(lambda: cluster.job("later").status.conditions)
    before = cluster.pods("job-name=later")

    cluster.batch.patch_namespaced_job("later", cluster.namespace, {"spec": {"suspend": False}})

    assert before == []
    assert cluster.finished("later").type == "Complete"


def test_a_restart_policy_of_always_is_invalid(cluster: Cluster) -> None:
    containers = [{"name": "main", "image": "any"}]
    body = {"metadata": {"name": "a"}, "spec": {"template": {"spec": {"containers": containers}}}}

    create = cluster.batch.create_namespaced_job

    assert refusal(create, cluster.namespace, body) == (422, "Invalid")


@pytest.fixture
def cron_job(cluster: Cluster) -> str:
    containers = [{"name": "main", "image": "any", "command": ["python", "-c", "print('fired')"]}]
    template = {"spec": {"restartPolicy": "Never", "containers": containers}}
    spec = {"schedule": "0 2 * * *", "jobTemplate": {"spec": {"template": template}}}
    body = {"metadata": {"name": "nightly"}, "spec": spec}
    cluster.batch.create_namespaced_cron_job(cluster.namespace, body)
    return "nightly"


def _fire(cluster: Cluster, cron_job: str) -> None:
    body = {"metadata": {"annotations": {FIRE_ANNOTATION: "now"}}}
    cluster.batch.patch_namespaced_cron_job(cron_job, cluster.namespace, body)

    def heard() -> bool:
        found = cluster.batch.read_namespaced_cron_job(cron_job, cluster.namespace)
        return not found.metadata.annotations

    assert eventually(heard)


def test_a_cron_job_fires_when_told(cluster: Cluster, cron_job: str) -> None:
    _fire(cluster, cron_job)

    (job,) = cluster.batch.list_namespaced_job(cluster.namespace).items
    assert cluster.finished(job.metadata.name).type == "Complete"
    assert job.metadata.owner_references[0].name == cron_job
    status = cluster.batch.read_namespaced_cron_job(cron_job, cluster.namespace).status
    assert status.last_schedule_time


def test_a_suspended_cron_job_does_not_fire(cluster: Cluster, cron_job: str) -> None:
    suspend = {"spec": {"suspend": True}}
    cluster.batch.patch_namespaced_cron_job(cron_job, cluster.namespace, suspend)

    _fire(cluster, cron_job)

    assert not cluster.batch.list_namespaced_job(cluster.namespace).items


def test_secrets_are_not_in_the_pod(cluster: Cluster) -> None:
    _secret(cluster, "database", url="postgresql://hidden")
    env = [{"name": "URL", "valueFrom": {"secretKeyRef": {"name": "database", "key": "url"}}}]
    cluster.run("env", "pass", container={"env": env})

    pod = str(cluster.pod("env").to_dict())

    assert "hidden" not in pod
    assert base64.b64encode(b"postgresql://hidden").decode() not in pod
