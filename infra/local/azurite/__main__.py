"""Run Azurite alone in the foreground: ``python -m infra.local.azurite --folder F``; or install it,
for an image that has to do without npm later."""

import argparse
import signal
from contextlib import suppress
from pathlib import Path

from infra.local.azurite.azurite import HERE, Azurite
from infra.local.npm import installed


def main() -> None:
    """Serve blobs until a signal ends it."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.azurite", description=__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--folder", type=Path, help="where the blobs live")
    what.add_argument("--install", action="store_true", help="install it and end")
    parser.add_argument("--port", type=int, default=0, help="0 takes any free port")
    options = parser.parse_args()
    if options.install:
        installed(HERE, print)
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with Azurite(options.folder, options.port) as azurite, suppress(KeyboardInterrupt):
        print(azurite.connection_string, flush=True)  # noqa: T201
        signal.pause()


if __name__ == "__main__":
    main()
