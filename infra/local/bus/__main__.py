"""Run the embedded Service Bus in the foreground."""

import signal
from pathlib import Path
from typing import Annotated

import typer

from infra.local.bus import Broker


def main(
    topology: Annotated[Path, typer.Option(help="File with the entities.")] = Path(
        "infra/topology.json"
    ),
    folder: Annotated[
        Path | None, typer.Option(help="Where the state is kept; without it, in memory only.")
    ] = None,
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes any that is free.")] = 5672,
) -> None:
    """Run the embedded Service Bus until SIGINT or SIGTERM.

    The first line on standard output is the connection string; it appears when clients can connect.
    """
    endings = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, endings)
    with Broker(folder, topology, port) as broker:
        typer.echo(broker.connection_string)
        signal.sigwait(endings)


if __name__ == "__main__":
    typer.run(main)
