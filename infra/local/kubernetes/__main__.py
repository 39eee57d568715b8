"""``python -m infra.local.kubernetes``: run the emulator alone."""

import os
import signal
from pathlib import Path
from typing import Annotated

import typer

from infra.local.kubernetes import KubernetesEmulator


def serve(
    folder: Annotated[
        Path | None, typer.Option(help="Keep the state here; without it nothing survives.")
    ] = None,
    port: Annotated[int, typer.Option(help="0: any free port.")] = 0,
    kubeconfig: Annotated[
        Path | None, typer.Option(help="Write a configuration for kubectl to this file.")
    ] = None,
    give: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="Give Jobs this environment variable of ours (repeatable)."
        ),
    ] = None,
    delay: Annotated[
        float, typer.Option(help="Seconds until Pods are ready and Jobs try again.")
    ] = 0.2,
) -> None:
    """Serve a Kubernetes API on 127.0.0.1 until SIGTERM or Ctrl-C; the first line is its URL."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if missing := [name for name in give or () if name not in os.environ]:
        raise typer.BadParameter(f"--give: not in our environment: {', '.join(missing)}")
    environment = {name: os.environ[name] for name in give or ()}
    with KubernetesEmulator(folder, port, environment, delay=delay) as emulator:
        if kubeconfig:
            emulator.write_kubeconfig(kubeconfig)
        typer.echo(emulator.url)
        try:
            signal.pause()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    typer.run(serve)
