"""Connect ahead to what the first failover of a process would otherwise wait for."""

from contextlib import suppress
from datetime import timedelta
from threading import Timer

import structlog

from functions.failover import RUNBOOK
from shared.bus import BusOutOfReach
from shared.bus.servicebus import ServiceBus
from shared.cluster import Clusters
from shared.errors import StepError
from shared.estate import Environment, Estate
from shared.runs.commands import ANNOUNCEMENTS

AFTER_START = timedelta(seconds=2)
"""Then the host has its functions, and a processor for us."""

log = structlog.get_logger()


def get_ready_soon(estate: Estate, bus: ServiceBus, clusters: Clusters) -> None:
    """Connect in a thread of its own, once, shortly after the process has started."""
    paired = (each.standby_of for each in estate.environments if each.standby_of)
    sides = [side for name in paired for side in estate.pair(name)]
    if sides:
        soon = Timer(AFTER_START.total_seconds(), get_ready, (sides, bus, clusters))
        soon.daemon = True
        soon.start()


def get_ready(sides: list[Environment], bus: ServiceBus, clusters: Clusters) -> None:
    """Open the topics of commands and announcements, and greet the clusters of both sides.

    What does not answer now is connected to when it is needed, as if nobody had tried.
    """
    try:
        bus.open((*RUNBOOK.topics, ANNOUNCEMENTS))
    except BusOutOfReach as error:
        log.info("bus_not_ready", reason=type(error).__name__)
    for side in sides:
        with suppress(StepError):
            clusters.of(side).greet()
