"""One container's process on this machine."""

import fcntl
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from infra.local.kubernetes.containers import Command

_SHIM = Path(__file__).with_name("shim.py")


class ContainerProcess:
    """Runs in a folder of its own, writes its output to ``log``, and calls back when it has ended.

    The process group holds a lock on ``log`` as long as one of its members keeps its output open.
    """

    def __init__(
        self, command: Command, folder: Path, log: Path, ended: Callable[[int], None]
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output:
            # The lock belongs to the open file, which children share: it ends with the last.
            fcntl.flock(output, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._shim = subprocess.Popen(
                [sys.executable, "-I", "-S", str(_SHIM), *command.words],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env=dict(command.environment),
                start_new_session=True,
            )
        self._waiter = threading.Thread(target=self._wait, args=(ended,), daemon=True)
        self._waiter.start()

    def _wait(self, ended: Callable[[int], None]) -> None:
        code = self._shim.wait()
        self.kill()
        ended(code if code >= 0 else 128 - code)

    def kill(self) -> None:
        """Ask for the end of the whole process group: SIGTERM now, SIGKILL a second later.

        Safe to repeat, and after the end.
        """
        if self._shim.stdin:
            self._shim.stdin.close()

    def join(self) -> None:
        """Wait until the process has ended and the callback has returned."""
        self._waiter.join()


def still_writing(log: Path) -> bool:
    """Whether a process that an earlier emulator started is still there."""
    if not log.exists():
        return False
    with log.open("rb") as output:
        try:
            fcntl.flock(output, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
