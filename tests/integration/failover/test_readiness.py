"""What a process connects to ahead of its first failover."""

from azure.servicebus import ServiceBusClient

from functions.failover import RUNBOOK
from functions.failover.readiness import get_ready
from infra.local.bus import Broker
from infra.local.kubernetes import KubernetesEmulator
from shared.bus import Envelope
from shared.bus.servicebus import ServiceBus
from shared.cluster import Clusters
from shared.estate import Estate


def bus_at(connection: str) -> ServiceBus:
    return ServiceBus(ServiceBusClient.from_connection_string(connection, retry_total=0))


def test_a_process_that_is_ready_sends_its_first_command(
    broker: Broker, kubernetes: KubernetesEmulator, estate: Estate
) -> None:
    bus = bus_at(broker.connection_string)

    get_ready(list(estate.environments[:2]), bus, Clusters(estate, kubernetes.url))
    bus.send([Envelope("ready", RUNBOOK.topics[0], "nobody-listens", "{}")])

    bus.close()


def test_what_does_not_answer_yet_does_not_keep_a_process_from_starting(estate: Estate) -> None:
    nowhere = "Endpoint=sb://127.0.0.1:1;SharedAccessKeyName=n;SharedAccessKey=k;UseDevelopmentEmulator=true"
    bus = bus_at(nowhere)

    get_ready(list(estate.environments[:2]), bus, Clusters(estate, "http://127.0.0.1:1"))

    bus.close()
