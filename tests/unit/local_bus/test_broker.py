"""Starting and stopping, also when something is in the way."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from infra.local.bus import Broker, BrokerStopped, StoreBusy, TopologyInvalid

TOPOLOGY = Path(__file__).parent / "topology.json"


def listens(broker: Broker) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", broker.port)) == 0


def test_a_restart_keeps_the_port(tmp_path):
    with Broker(tmp_path, TOPOLOGY) as broker:
        before = broker.connection_string

        broker.stop()
        stopped = not listens(broker)
        broker.start()

        assert stopped
        assert listens(broker)
        assert broker.connection_string == before


def test_a_taken_port_fails_the_start_and_frees_the_folder(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        broker = Broker(tmp_path, TOPOLOGY, port=taken.getsockname()[1])
        with pytest.raises(OSError, match="in use"):
            broker.start()
        broker.stop()

    with Broker(tmp_path, TOPOLOGY) as successor:
        assert listens(successor)


def test_two_brokers_do_not_share_a_folder(tmp_path):
    with Broker(tmp_path, TOPOLOGY) as broker:
        with pytest.raises(StoreBusy, match="stop it first"):
            Broker(tmp_path, TOPOLOGY).start()

        assert listens(broker)


def test_a_bad_topology_fails_the_start(tmp_path):
    with pytest.raises(TopologyInvalid, match="absent"):
        Broker(tmp_path, tmp_path / "absent.json").start()


def test_faults_need_a_running_broker(tmp_path):
    broker = Broker(tmp_path, TOPOLOGY)

    with pytest.raises(BrokerStopped, match="start it"):
        broker.faults.drop_connections()


def test_stopping_twice_is_harmless(tmp_path):
    broker = Broker(tmp_path, TOPOLOGY)
    broker.start()

    broker.stop()
    broker.kill()

    assert not listens(broker)


def test_the_command_says_why_it_cannot_start(tmp_path):
    command = [sys.executable, "-m", "infra.local.bus", "--topology", str(tmp_path / "absent.json")]

    result = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)

    assert result.returncode == 1
    assert "absent.json" in result.stderr
    assert "Traceback" not in result.stderr
