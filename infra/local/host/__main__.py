"""Run the host in the foreground: ``python -m infra.local.host --app . --settings FILE``."""

import atexit
import logging
import os
import signal
import threading
from pathlib import Path
from types import FrameType
from typing import Annotated

import structlog
import typer

from infra.local.host.host import FunctionsHost
from infra.local.host.settings import read_local_settings

LEAVING = 5.0
"""Seconds that what the app does at its end may take."""


def main(
    app: Annotated[Path, typer.Option(help="Folder that contains function_app.py and host.json.")],
    settings: Annotated[Path, typer.Option(help="A local.settings.json.")],
    port: Annotated[int, typer.Option(help="HTTP port; 0 takes a free one.")] = 7071,
    grace: Annotated[float, typer.Option(help="Seconds for calls in progress at the end.")] = 30,
) -> None:
    """Serve a function app until SIGINT or SIGTERM; a second one ends at once."""
    _log_json_lines()
    asked = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        if asked.is_set():
            os._exit(130)
        asked.set()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    host = FunctionsHost(app, read_local_settings(settings), port, grace=grace)
    host.begin()
    asked.wait()
    host.stop()
    _leave()
    os._exit(0)  # a handler that outlived the grace period must not keep the process


def _leave() -> None:
    """Run what the app registered for its end, such as the export of its last spans."""
    ends = threading.Thread(target=atexit._run_exitfuncs, daemon=True)  # noqa: SLF001 - no public one
    ends.start()
    ends.join(LEAVING)


def _log_json_lines() -> None:
    """Until the app configures its own; the default would print local variables of tracebacks."""
    logging.getLogger("azure").setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ]
    )


if __name__ == "__main__":
    typer.run(main)
