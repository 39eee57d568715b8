"""Parts that are Python programs of ours, each in a process and on a core of its own."""

import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from infra.local.processes import Child


@dataclass(frozen=True)
class Program:
    """A part that is a Python program of ours, in a process of its own."""

    name: str
    child: Child
    port: int
    options: Mapping[str, Path | str | int]
    ready: Callable[[], bool] = lambda: True
    environment: Mapping[str, str] = field(default_factory=dict)

    def start(self) -> None:
        """Start the program; SIGKILL ends it with us, because it can take that."""
        given = {"port": self.port, **self.options}
        options = [str(word) for name, value in given.items() for word in (f"--{name}", value)]
        direct = [os.environ.get("NO_PROXY", ""), "127.0.0.1"]
        self.child.start(
            [sys.executable, "-m", f"infra.local.{self.name}", *options],
            self.port,
            ready=self.ready,
            death_signal=signal.SIGKILL,
            environment={
                **os.environ,
                "NO_PROXY": ",".join(filter(None, direct)),
                "TYPER_STANDARD_TRACEBACK": "1",  # typer's own show variables, hence secrets
                **self.environment,
            },
        )

    def stop(self) -> None:
        """Ask it to end."""
        self.child.stop()

    def kill(self) -> None:
        """End it without a warning."""
        self.child.kill()
