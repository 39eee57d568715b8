"""The embedded Service Bus: an AMQP 1.0 broker that the unmodified azure-servicebus SDK talks to.

The wire is in ``amqp``, what the broker promises in ``entities``, what survives it in ``store``;
``server`` joins them on an event loop and ``Broker`` runs that on a thread.
"""

from infra.local.bus.broker import Broker, BrokerStopped
from infra.local.bus.faults import Faults
from infra.local.bus.store import StoreBusy
from infra.local.bus.topology import TopologyInvalid

__all__ = ["Broker", "BrokerStopped", "Faults", "StoreBusy", "TopologyInvalid"]
