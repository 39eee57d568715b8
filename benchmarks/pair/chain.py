"""The whole chain: from the accepted event to the first order that the new primary takes."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
from rich.console import Console

from infra.local.failover_demo import PRODUCTION, FailoverDemo
from infra.local.orders import Customers
from infra.local.platform import ESTATE, Platform
from shared.bus.servicebus import ServiceBus
from shared.estate import Environment
from shared.ledger import Ledger
from shared.messages import CloudEvent, Event
from shared.messages.failover import RegionDegraded, RegionRecovered
from shared.runs.publishing import publish
from signalbox.watching import wait_for_event, watch

PARTNERS = 100
WARM = 50
"""Orders before each disaster."""


def whole_chain(folder: Path, rounds: int) -> Iterator[float]:
    """Seconds of each round; the sides change roles from one to the next.

    Bus, host, ledger and cluster are those of the embedded platform. There is no hold-down, and the
    policy approves: both are waiting by choice.
    """
    estate = folder / "estate.yaml"
    estate.write_text(ESTATE.read_text().replace("hold_down: 1 second", "hold_down: 0 seconds"))
    with (
        Platform(folder / "platform", estate=estate) as platform,
        closing(FailoverDemo(platform)) as demo,
        closing(Ledger.connect(platform.settings["SIGNALBOX_LEDGER_URL"])) as ledger,
    ):
        demo.make_pair(PARTNERS, lambda _: None)
        production = platform.estate.environment(PRODUCTION)
        standby = platform.estate.standby_for(PRODUCTION)
        assert standby is not None
        sides = (production, standby)
        for _ in range(rounds):
            yield _disaster(platform, ledger, *sides)
            platform.restart(sides[0].database.server)
            _follow(platform, ledger, RegionRecovered(environment=PRODUCTION))
            sides = sides[::-1]


def _disaster(platform: Platform, ledger: Ledger, old: Environment, new: Environment) -> float:
    host = platform.estate.environment(PRODUCTION).endpoints[0].host
    with Customers(platform.kubernetes_url, (old, new), host) as customers:
        customers.await_more(WARM)
        platform.kill(old.database.server)
        event = _follow(platform, ledger, RegionDegraded(environment=PRODUCTION))
        customers.await_more(WARM)
    port = platform.server(new.database.server).port
    first = min(order.at for order in customers.told if order.port == port)
    return (first - _accepted_at(platform, event)).total_seconds()


def _follow(platform: Platform, ledger: Ledger, said: Event) -> CloudEvent:
    now = datetime.now(UTC)
    event = CloudEvent.of(said, id=f"{now.timestamp()}", source="/benchmark", time=now)
    with closing(ServiceBus.connect(platform.settings["ServiceBus"])) as bus:
        publish(bus, event)
    [run] = wait_for_event(ledger, event.source, event.id, timedelta(seconds=30))
    statuses = watch(ledger, [run], Console(quiet=True), timedelta(minutes=2))
    assert statuses[run] == "succeeded", ledger.run_record(run)
    return event


def _accepted_at(platform: Platform, event: CloudEvent) -> datetime:
    query = "select received_at from events where source = %s and id = %s"
    with psycopg.connect(platform.settings["SIGNALBOX_LEDGER_URL"]) as connection:
        [(at,)] = connection.execute(query, [event.source, event.id]).fetchall()
        assert isinstance(at, datetime)
        return at
