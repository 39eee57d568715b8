"""Run the embedded Service Bus in the foreground."""

import signal
import sys
from pathlib import Path
from typing import Annotated

import structlog
import typer

from infra.local.bus import Broker, StoreBusy, TopologyInvalid


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
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    try:
        with Broker(folder, topology, port) as broker:
            typer.echo(broker.connection_string)
            signal.sigwait(endings)
    except (TopologyInvalid, StoreBusy, OSError) as error:
        typer.echo(f"The bus cannot start: {error}", err=True)
        raise typer.Exit(1) from error


if __name__ == "__main__":
    typer.run(main)
