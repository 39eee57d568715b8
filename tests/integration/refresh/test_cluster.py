"""What the cluster resource promises, on the emulator through the official client."""

from itertools import count

import pytest
from kubernetes import client

from infra.local.processes import wait_until
from shared.cluster import Cluster, ClusterRefused, JobState, ObjectMissing
from shared.cluster.api import Api, Conflict, Json
from shared.cluster.cluster import EPOCH
from shared.cluster.secrets import ClusterSecrets
from shared.errors import StaleEpoch, TemporaryError
from shared.estate import Reference, SecretMissing, Secrets, Workload

ODOO = Workload(name="odoo", replicas=2)
CRON = Workload(kind="CronJob", name="nightly")

_numbers = count(1)


@pytest.fixture
def api(cluster_url: str) -> Api:
    return Api(cluster_url)


@pytest.fixture
def cluster(cluster_url: str) -> Cluster:
    return Cluster.connect(cluster_url)


@pytest.fixture
def place(cluster_url: str) -> str:
    """A namespace of the test's own."""
    name = f"cluster-{next(_numbers)}"
    with client.ApiClient(client.Configuration(host=cluster_url)) as connected:
        client.CoreV1Api(connected).create_namespace({"metadata": {"name": name}})
    return name


def job(name: str, code: str) -> Json:
    container = {
        "name": "c",
        "image": "x",
        "command": ["python", "-c", code],
        "envFrom": [{"secretRef": {"name": name}}],
    }
    spec = {"containers": [container], "restartPolicy": "Never"}
    return {"metadata": {"name": name}, "spec": {"backoffLimit": 0, "template": {"spec": spec}}}


def ended(cluster: Cluster, place: str, name: str) -> JobState:
    def over() -> bool:
        found = cluster.job(place, name)
        return found is not None and found.phase != "active"

    wait_until(over, seconds=20, waiting_for=f"Job {name}")
    found = cluster.job(place, name)
    assert found is not None
    return found


def deployed(api: Api, place: str, replicas: int) -> None:
    labels = {"app": "odoo"}
    template = {
        "metadata": {"labels": labels},
        "spec": {"containers": [{"name": "o", "image": "x"}]},
    }
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    api.create("Deployment", place, {"metadata": {"name": "odoo"}, "spec": spec})


def test_a_job_sees_its_environment_and_tells_its_result(cluster: Cluster, place: str) -> None:
    code = "import os; print('first'); print(os.environ['WORD'])"
    cluster.run_job(place, job("j", code), {"WORD": "hello"})

    assert ended(cluster, place, "j") == JobState("succeeded", 0)
    assert cluster.job_log_tail(place, "j", lines=1).strip() == "hello"


def test_a_failed_job_tells_its_exit_code(cluster: Cluster, place: str) -> None:
    cluster.run_job(place, job("j", "raise SystemExit(65)"), {})

    state = ended(cluster, place, "j")

    assert (state.phase, state.exit_code) == ("failed", 65)
    assert "backoff limit" in state.reason


def test_a_job_that_cannot_start_is_active_and_says_why(
    cluster: Cluster, place: str, api: Api
) -> None:
    api.create("Job", place, job("j", "pass"))
    wait_until(
        lambda: (cluster.job(place, "j") or JobState("active")).reason != "",
        seconds=10,
        waiting_for="a reason",
    )

    state = cluster.job(place, "j")

    assert state is not None
    assert (state.phase, state.exit_code) == ("active", None)
    assert 'secrets "j" not found' in state.reason.replace("secret ", "secrets ")
    assert cluster.job_log_tail(place, "j") == ""


def test_starting_a_job_twice_starts_it_once(cluster: Cluster, place: str, api: Api) -> None:
    cluster.run_job(place, job("j", "print('first')"), {"A": "1"})
    uid = api.read("Job", place, "j")["metadata"]["uid"]

    cluster.run_job(place, job("j", "print('second')"), {"A": "2"})

    assert api.read("Job", place, "j")["metadata"]["uid"] == uid
    assert cluster.read_secret(place, "j") == {"A": "1"}


def test_a_deleted_job_is_gone_with_its_secret(cluster: Cluster, place: str) -> None:
    cluster.run_job(place, job("j", "pass"), {"A": "1"})

    cluster.delete_job(place, "j")
    cluster.delete_job(place, "j")

    assert cluster.job(place, "j") is None
    assert cluster.job_log_tail(place, "j") == ""
    with pytest.raises(ObjectMissing):
        cluster.read_secret(place, "j")


def test_a_workload_stops_and_starts_as_the_estate_says(
    cluster: Cluster, place: str, api: Api
) -> None:
    deployed(api, place, 1)

    cluster.stop_workload(place, ODOO, epoch=1)
    wait_until(lambda: cluster.is_stopped(place, ODOO), seconds=10, waiting_for="pods to go")
    ready_while_stopped_for = cluster.is_stopped(place, ODOO)
    cluster.start_workload(place, ODOO, epoch=1)
    wait_until(lambda: cluster.is_ready(place, ODOO), seconds=10, waiting_for="pods to come")

    assert ready_while_stopped_for
    assert api.read("Deployment", place, "odoo")["spec"]["replicas"] == 2


def test_a_workload_gets_back_what_it_had_before_this_epoch(
    cluster: Cluster, place: str, api: Api
) -> None:
    deployed(api, place, 3)
    cluster.stop_workload(place, ODOO, epoch=1)
    cluster.start_workload(place, ODOO, epoch=1)

    cluster.stop_workload(place, ODOO, epoch=2)
    cluster.stop_workload(place, ODOO, epoch=2)
    cluster.start_workload(place, ODOO, epoch=2, as_before=True)

    assert api.read("Deployment", place, "odoo")["spec"]["replicas"] == 2


def test_a_workload_that_was_never_stopped_is_left_as_it_is(
    cluster: Cluster, place: str, api: Api
) -> None:
    deployed(api, place, 3)

    cluster.start_workload(place, ODOO, epoch=1, as_before=True)

    assert api.read("Deployment", place, "odoo")["spec"]["replicas"] == 3


def test_a_cron_job_is_suspended_and_resumed(cluster: Cluster, place: str, api: Api) -> None:
    template = job("x", "pass")["spec"]
    spec = {"schedule": "0 2 * * *", "jobTemplate": {"spec": template}}
    api.create("CronJob", place, {"metadata": {"name": "nightly"}, "spec": spec})

    cluster.stop_workload(place, CRON, epoch=1)
    stopped = cluster.is_stopped(place, CRON), cluster.is_ready(place, CRON)
    cluster.start_workload(place, CRON, epoch=1, as_before=True)

    assert stopped == (True, False)
    assert cluster.is_ready(place, CRON)


@pytest.fixture
def configured(api: Api, place: str) -> str:
    api.create("ConfigMap", place, {"metadata": {"name": "c"}, "data": {"a": "1", "b": "2"}})
    api.create("Secret", place, {"metadata": {"name": "s"}, "stringData": {"url": "old"}})
    return place


@pytest.mark.parametrize("missing", ["s/password", "none/url"])
def test_a_reference_leads_to_a_secret_of_the_cluster(
    cluster: Cluster, configured: str, missing: str
) -> None:
    secrets = Secrets({}, kubernetes=ClusterSecrets(cluster))

    found = secrets.resolve(Reference("kubernetes", f"{configured}/s/url"))
    with pytest.raises(SecretMissing, match=f"kubernetes:{configured}/{missing} is missing"):
        secrets.resolve(Reference("kubernetes", f"{configured}/{missing}"))

    assert found == "old"


def test_values_are_set_and_others_left(cluster: Cluster, configured: str) -> None:
    changed = cluster.write_config(configured, "c", {"a": "1", "b": "3", "c": "4"}, epoch=1)

    assert changed == 2
    assert cluster.read_config(configured, "c") == {"a": "1", "b": "3", "c": "4"}
    assert cluster.write_secret(configured, "s", {"url": "new"}, epoch=1) == 1
    assert cluster.read_secret(configured, "s") == {"url": "new"}


def test_an_object_carries_the_epoch_and_refuses_an_older_one(
    cluster: Cluster, configured: str, api: Api
) -> None:
    cluster.write_config(configured, "c", {"a": "newer"}, epoch=8)

    with pytest.raises(StaleEpoch, match="belongs to epoch 8; this run has 7"):
        cluster.write_config(configured, "c", {"a": "older"}, epoch=7)

    assert cluster.read_config(configured, "c")["a"] == "newer"
    assert api.read("ConfigMap", configured, "c")["metadata"]["annotations"][EPOCH] == "8"


def test_an_object_that_changed_meanwhile_is_not_overwritten(
    cluster: Cluster, configured: str, api: Api
) -> None:
    old = api.read("ConfigMap", configured, "c")
    cluster.write_config(configured, "c", {"a": "newer"}, epoch=1)

    with pytest.raises(Conflict) as conflict:
        api.replace("ConfigMap", configured, old)

    assert isinstance(conflict.value, TemporaryError)
    assert cluster.read_config(configured, "c")["a"] == "newer"


def test_writing_the_same_again_writes_nothing(cluster: Cluster, configured: str, api: Api) -> None:
    cluster.write_config(configured, "c", {"a": "2"}, epoch=1)
    version = api.read("ConfigMap", configured, "c")["metadata"]["resourceVersion"]

    cluster.write_config(configured, "c", {"a": "2"}, epoch=1)

    assert api.read("ConfigMap", configured, "c")["metadata"]["resourceVersion"] == version


def test_a_snapshot_brings_everything_back_but_only_for_its_run(
    cluster: Cluster, configured: str
) -> None:
    objects = (("ConfigMap", "c"), ("Secret", "s"))
    cluster.save(configured, "before", objects, run_id="one", epoch=1)
    cluster.write_config(configured, "c", {"a": "changed", "z": "added"}, epoch=1)
    cluster.save(configured, "before", objects, run_id="one", epoch=1)
    cluster.write_secret(configured, "s", {"password": "changed"}, epoch=1)

    kept = cluster.saved_secret(configured, "before", "s")
    cluster.restore(configured, "before", run_id="another", epoch=1)
    untouched = cluster.read_config(configured, "c")["a"]
    cluster.restore(configured, "before", run_id="one", epoch=1)

    assert untouched == "changed"
    assert cluster.read_config(configured, "c") == {"a": "1", "b": "2"}
    assert kept == cluster.read_secret(configured, "s")
    assert cluster.saved_secret(configured, "before", "nothing") == {}
    assert cluster.saved_secret(configured, "never", "s") == {}


def test_a_later_run_replaces_the_snapshot(cluster: Cluster, configured: str) -> None:
    objects = (("ConfigMap", "c"),)
    cluster.save(configured, "before", objects, run_id="one", epoch=1)
    cluster.write_config(configured, "c", {"a": "of run one"}, epoch=1)
    cluster.save(configured, "before", objects, run_id="two", epoch=2)
    cluster.write_config(configured, "c", {"a": "of run two"}, epoch=2)

    cluster.restore(configured, "before", run_id="two", epoch=2)

    assert cluster.read_config(configured, "c")["a"] == "of run one"


def test_a_missing_object_is_named(cluster: Cluster, place: str) -> None:
    with pytest.raises(ObjectMissing, match=f"ConfigMap {place}/nothing"):
        cluster.read_config(place, "nothing")


def test_what_the_cluster_finds_invalid_is_refused(api: Api, place: str) -> None:
    with pytest.raises(ClusterRefused, match="422"):
        api.create("Deployment", place, {"metadata": {"name": "d"}, "spec": {"replicas": -1}})


def test_a_cluster_out_of_reach_is_temporary() -> None:
    with pytest.raises(TemporaryError, match="out of reach"):
        Cluster.connect("http://127.0.0.1:1").read_config("x", "y")
