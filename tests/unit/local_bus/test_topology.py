"""The file that says which entities there are."""

import json
from pathlib import Path

import pytest

from infra.local.bus.entities.journal import NoJournal
from infra.local.bus.entities.namespace import Namespace
from infra.local.bus.entities.sessions import SessionQueue
from infra.local.bus.topology import Topology, TopologyInvalid

from .conftest import Text, text

TOPOLOGY = Path(__file__).parent / "topology.json"


@pytest.fixture
def namespace():
    namespace = Namespace(lambda: 0, NoJournal())
    Topology.read(TOPOLOGY).build(namespace)
    return namespace


def written(tmp_path, **namespace):
    path = tmp_path / "topology.json"
    config = {"UserConfig": {"Namespaces": [{"Name": "n", **namespace}]}}
    path.write_text(json.dumps(config))
    return path


def test_properties_are_read_and_the_rest_is_as_in_the_service(namespace):
    orders = namespace.queue("orders").settings

    assert orders.lock_duration == 30_000
    assert orders.duplicate_window == 600_000
    assert orders.max_delivery_count == 10
    assert orders.time_to_live is None
    assert isinstance(namespace.queue("talks"), SessionQueue)


def test_the_shorter_time_to_live_of_topic_and_subscription_applies(namespace):
    assert namespace.queue("signals/subscriptions/everything").settings.time_to_live == 60_000


def test_rules_route_and_no_rule_means_everything(namespace):
    topic = namespace.find("signals")
    plain = text("plain").properties

    topic.send([Text("plain", plain, {"size": 3})])
    topic.send([Text("large", plain, {"size": 11})])

    counts = {
        name: len(namespace.queue(f"signals/subscriptions/{name}").messages)
        for name in ("everything", "go", "large")
    }
    assert counts == {"everything": 2, "go": 0, "large": 1}


def test_times_beyond_reason_mean_for_ever(tmp_path):
    ever = {"DefaultMessageTimeToLive": "P10675199DT2H48M5.4775807S"}
    path = written(tmp_path, Queues=[{"Name": "q", "Properties": ever}])
    namespace = Namespace(lambda: 0, NoJournal())

    Topology.read(path).build(namespace)

    assert namespace.queue("q").settings.time_to_live is None


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        ({"LockDurration": "PT1M"}, "LockDurration"),
        ({"LockDuration": "a minute"}, "LockDuration"),
        ({"MaxDeliveryCount": 0}, "MaxDeliveryCount"),
        ({"ForwardDeadLetteredMessagesTo": "x"}, "forwards to x"),
        ({"ForwardTo": "y"}, "forwards to y"),
    ],
)
def test_a_property_that_makes_no_sense_is_named(tmp_path, properties, reason):
    path = written(tmp_path, Queues=[{"Name": "q", "Properties": properties}])

    with pytest.raises(TopologyInvalid, match=reason):
        Topology.read(path)


def test_a_filter_that_makes_no_sense_is_quoted(tmp_path):
    sql = {"FilterType": "Sql", "SqlFilter": {"SqlExpression": "size >"}}
    subscription = {"Name": "s", "Rules": [{"Name": "r", "Properties": sql}]}
    path = written(tmp_path, Topics=[{"Name": "t", "Subscriptions": [subscription]}])

    with pytest.raises(TopologyInvalid, match="size >"):
        Topology.read(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(TopologyInvalid, match=r"absent\.json"):
        Topology.read(tmp_path / "absent.json")
