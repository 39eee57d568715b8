"""The parts that a chain needs, in a folder of their own: broker, database, Functions host."""

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.track.topology import topology
from infra.local.bus import Broker
from infra.local.host import FunctionsHost
from infra.local.postgres import PostgresServer
from infra.local.processes import Child, free_port

ROOT = Path(__file__).parents[2]
APP = Path(__file__).parent / "app"


@dataclass(frozen=True)
class Parts:
    bus: str
    """The broker's connection string."""
    engine: str
    """The ledger of the engine."""
    raw: str
    """The same schema for the hops without an engine."""
    log: Path
    """Where this process may log to."""


@contextmanager
def parts() -> Iterator[Parts]:
    """A durable broker in a process of its own and a durable PostgreSQL, gone after the block."""
    with TemporaryDirectory() as folder, ExitStack() as stack:
        place = Path(folder)
        place.chmod(0o755)  # PostgreSQL may have to run as somebody else
        server = stack.enter_context(PostgresServer(place / "postgres"))
        for name in ("engine", "raw"):
            server.create_database(name)
        bus = stack.enter_context(_broker(place))
        yield Parts(bus, server.dsn("engine"), server.dsn("raw"), place / "log")


@contextmanager
def _broker(folder: Path) -> Iterator[str]:
    entities, port = folder / "topology.json", free_port()
    entities.write_text(json.dumps(topology()))
    options = f"--topology={entities}", f"--folder={folder / 'bus'}", f"--port={port}"
    child = Child("broker", folder)
    child.start([sys.executable, "-m", "infra.local.bus", *options], port)
    try:
        yield Broker(None, entities, port).connection_string
    finally:
        child.stop()


@contextmanager
def functions_host(parts: Parts) -> Iterator[FunctionsHost]:
    """The host with the benchmark's app, logging as the project's own app does."""
    settings = {"ServiceBus": parts.bus, "BUS": parts.bus, "LEDGER": parts.engine}
    with FunctionsHost(APP, settings) as host:
        yield host
