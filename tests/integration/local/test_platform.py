"""The whole platform, with an app that keeps what it hears."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
from azure.servicebus import ServiceBusClient, ServiceBusMessage
from azure.storage.blob import BlobServiceClient
from kubernetes import client

from infra.local.platform import Platform, reset
from infra.local.processes import FolderInUse, PartFailed, wait_until
from shared.estate import Secrets

APP = Path(__file__).with_name("app")


def build(folder: Path, **options: object) -> Platform:
    return Platform(folder, **{"app": APP, "topology": APP / "topology.json", **options})


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """One running platform for all tests here; what they leave behind must not matter."""
    with build(tmp_path_factory.mktemp("running") / "platform") as platform:
        yield platform


def say(platform: Platform, text: str) -> None:
    with (
        ServiceBusClient.from_connection_string(platform.settings["ServiceBus"]) as bus,
        bus.get_topic_sender("heard") as sender,
    ):
        sender.send_messages(ServiceBusMessage(text))


def has_heard(platform: Platform, text: str) -> bool:
    with psycopg.connect(platform.settings["SIGNALBOX_LEDGER_URL"]) as ledger:
        if ledger.execute("select to_regclass('heard')").fetchone() == (None,):
            return False
        query = "select count(*) from heard where body = %s"
        return ledger.execute(query, [text]).fetchone() == (1,)


def await_heard(platform: Platform, text: str) -> None:
    wait_until(lambda: has_heard(platform, text), seconds=20, waiting_for=f"{text!r} to be heard")


def kubernetes_of(platform: Platform) -> client.ApiClient:
    return client.ApiClient(client.Configuration(host=platform.kubernetes_url))


@pytest.fixture
def cluster(platform: Platform) -> Iterator[client.ApiClient]:
    with kubernetes_of(platform) as api:
        yield api


def test_a_message_reaches_the_app_and_the_app_reaches_the_ledger(platform: Platform) -> None:
    say(platform, "first")

    await_heard(platform, "first")


def test_what_is_said_while_the_host_is_down_is_heard_later(platform: Platform) -> None:
    platform.kill("host")
    say(platform, "meanwhile")

    platform.restart("host")

    await_heard(platform, "meanwhile")


def test_the_settings_file_is_private_and_says_what_the_app_needs(platform: Platform) -> None:
    written = json.loads(platform.settings_file.read_text())

    assert written == {"IsEncrypted": False, "Values": platform.settings}
    assert platform.settings_file.stat().st_mode & 0o777 == 0o600
    assert platform.folder.stat().st_mode & 0o777 == 0o700


def test_the_example_settings_name_exactly_the_settings_of_the_platform(
    platform: Platform,
) -> None:
    example = json.loads((Path(__file__).parents[3] / "local.settings.example.json").read_text())

    assert example["Values"].keys() == platform.settings.keys()


def test_every_secret_of_the_estate_can_be_resolved(platform: Platform) -> None:
    secrets = Secrets(platform.settings)
    primaries = [server for server in platform.estate.servers if server.replica_of is None]

    for server in primaries:
        with psycopg.connect(secrets.resolve(server.url)) as connection:
            assert connection.execute("select current_user").fetchone() == ("postgres",)


def test_the_standby_of_the_estate_follows_its_primary(platform: Platform) -> None:
    standby = platform.start_standby("erp-standby")

    with psycopg.connect(platform.settings["ERP_STANDBY_DATABASE_URL"]) as connection:
        assert connection.execute("select pg_is_in_recovery()").fetchone() == (True,)
    assert platform.start_standby("erp-standby") is standby


def test_blobs_are_served(platform: Platform) -> None:
    with BlobServiceClient.from_connection_string(platform.settings["SIGNALBOX_BLOBS"]) as blobs:
        assert list(blobs.list_containers()) is not None


def test_each_environment_is_on_kubernetes_as_the_estate_says(
    platform: Platform, cluster: client.ApiClient
) -> None:
    place = "acme-staging"
    config = client.CoreV1Api(cluster).read_namespaced_config_map("odoo-config", place).data
    deployments = client.AppsV1Api(cluster).list_namespaced_deployment(place).items
    route = client.CustomObjectsApi(cluster).get_namespaced_custom_object(
        "traefik.io", "v1alpha1", place, "ingressroutes", "odoo"
    )

    assert config["web.base.url"] == "https://staging.acme.example"
    assert {each.metadata.name for each in deployments} == {"odoo", "odoo-cron"}
    assert route["spec"]["routes"][0]["match"] == "Host(`staging.acme.example`)"


def test_a_second_start_keeps_ports_state_and_what_runs_changed_on_kubernetes(
    tmp_path: Path,
) -> None:
    platform = build(tmp_path / "platform")
    with platform:
        say(platform, "before")
        await_heard(platform, "before")
        ports = platform.settings
        with kubernetes_of(platform) as api:
            client.AppsV1Api(api).patch_namespaced_deployment_scale(
                "odoo", "acme-staging", {"spec": {"replicas": 0}}
            )

    with platform, kubernetes_of(platform) as api:
        odoo = client.AppsV1Api(api).read_namespaced_deployment("odoo", "acme-staging")
        assert odoo.spec.replicas == 0
        assert has_heard(platform, "before")
        assert platform.settings == ports


def test_after_a_kill_nothing_is_left_and_the_next_start_continues(tmp_path: Path) -> None:
    folder = tmp_path / "platform"
    script = (
        "import sys, signal; from pathlib import Path; from infra.local.platform import Platform\n"
        f"app = Path({str(APP)!r})\n"
        "platform = Platform(Path(sys.argv[1]), app=app, topology=app / 'topology.json')\n"
        "platform.start(); print('up', flush=True); signal.pause()"
    )
    command = [sys.executable, "-c", script, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        assert "up\n" in owner.stdout
        children = psutil.Process(owner.pid).children()
        owner.send_signal(signal.SIGKILL)

    assert len(children) == 6
    _, alive = psutil.wait_procs(children, timeout=10)
    assert [child for child in alive if child.status() != psutil.STATUS_ZOMBIE] == []
    with build(folder) as platform:
        say(platform, "after the kill")
        await_heard(platform, "after the kill")


def test_one_platform_at_a_time_uses_a_folder(platform: Platform) -> None:
    with pytest.raises(FolderInUse, match=f"in use by process {os.getpid()}"):
        build(platform.folder).start()
    with pytest.raises(FolderInUse):
        reset(platform.folder)


def test_a_part_that_is_not_there_is_named_with_those_that_are(platform: Platform) -> None:
    with pytest.raises(PartFailed, match="no part 'buss'; it runs blobs, bus, kubernetes"):
        platform.restart("buss")
    with pytest.raises(PartFailed, match="bus is no PostgreSQL server"):
        platform.server("bus")


def test_an_app_that_cannot_be_served_stops_everything_and_says_why(tmp_path: Path) -> None:
    app = tmp_path / "app"
    app.mkdir()
    (app / "host.json").write_text('{"version": "2.0"}')
    (app / "function_app.py").write_text("raise RuntimeError('broken on purpose')")
    platform = build(tmp_path / "platform", app=app)

    with pytest.raises(PartFailed, match=r"host ended while starting(.|\n)*broken on purpose"):
        platform.start()

    assert (
        platform.settings["SIGNALBOX_MASKING_KEY"]
        not in (platform.folder / "logs" / "host.log").read_text()
    )
    reset(platform.folder)
    assert not platform.folder.exists()
