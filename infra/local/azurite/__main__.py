"""Run Azurite alone in the foreground: ``python -m infra.local.azurite --folder F``."""

import argparse
import signal
from contextlib import suppress
from pathlib import Path

from infra.local.azurite.azurite import Azurite


def main() -> None:
    """Serve blobs until a signal ends it."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.azurite", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="where the blobs live")
    parser.add_argument("--port", type=int, default=0, help="0 takes any free port")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with Azurite(options.folder, options.port) as azurite, suppress(KeyboardInterrupt):
        print(azurite.connection_string, flush=True)  # noqa: T201
        signal.pause()


if __name__ == "__main__":
    main()
