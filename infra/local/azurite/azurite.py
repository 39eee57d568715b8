"""One Azurite process that serves blobs."""

import socket
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Self

from infra.local.azurite.install import AzuriteFailed, Progress, installed, node
from infra.local.processes import FolderLock, end, free_port, is_free, spawn, tail, wait_until

ACCOUNT = "devstoreaccount1"
# The key of every Azurite in the world, published in its documentation.
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


def _ignore(_: str) -> None:
    """Tell nobody."""


class Azurite:
    """Blob storage on 127.0.0.1 whose state lives in ``folder``, or in memory.

    Azurite writes its index a few seconds after a change and when it is stopped, so a kill can lose
    the last blobs.
    """

    def __init__(
        self,
        folder: Path,
        port: int = 0,
        *,
        in_memory: bool = False,
        progress: Progress = _ignore,
    ) -> None:
        self.folder = folder.absolute()
        self.port = port
        self._in_memory = in_memory
        self._progress = progress
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = FolderLock(self.folder)

    @property
    def connection_string(self) -> str:
        """How azure-storage-blob reaches it; the key is public, the same for every Azurite."""
        return (
            f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};"
            f"BlobEndpoint=http://127.0.0.1:{self.port}/{ACCOUNT};"
        )

    @property
    def log(self) -> Path:
        """What Azurite wrote."""
        return self.folder / "azurite.log"

    @property
    def running(self) -> bool:
        """Whether the process is alive."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Install Azurite if need be, start it, return when it listens."""
        main = installed(self._progress)
        self._lock.acquire()
        try:
            self._launch(main)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Let it write its index and end. Harmless when stopped."""
        if self._process is not None:
            end(self._process)
            self._process = None
        self._lock.release()

    def restart(self) -> None:
        """Stop and start on the same port."""
        self.stop()
        self.start()

    def kill(self) -> None:
        """End it without a warning."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        self._lock.release()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _launch(self, main: Path) -> None:
        self.port = self.port or free_port()
        if not is_free(self.port):
            raise AzuriteFailed(
                f"Port {self.port} is taken: end what listens there, or use port 0."
            )
        place = ["--inMemoryPersistence"] if self._in_memory else ["--location", self.folder]
        # The SDK speaks a newer API version than Azurite knows.
        flags = ["--silent", "--disableTelemetry", "--skipApiVersionCheck"]
        address = ["--blobHost", "127.0.0.1", "--blobPort", str(self.port)]
        with self.log.open("ab") as log:
            self._process = spawn(
                [node(), main, *flags, *address, *place], output=log, folder=self.folder
            )
        wait_until(self._listens, seconds=30, waiting_for="Azurite to listen")

    def _listens(self) -> bool:
        if not self.running:
            raise AzuriteFailed(f"Azurite ended while starting. It said:\n{tail(self.log)}")
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True
        return False
