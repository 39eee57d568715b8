"""One Azurite process that serves blobs."""

from pathlib import Path
from typing import Self

from infra.local.npm import Progress, installed, node
from infra.local.processes import Child, FolderLock, free_port

HERE = Path(__file__).parent
MAIN = Path("node_modules/azurite/dist/src/blob/main.js")
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
        self._child = Child("azurite", self.folder)
        self._lock = FolderLock(self.folder)

    @property
    def connection_string(self) -> str:
        """How azure-storage-blob reaches it; the key is public, the same for every Azurite."""
        return (
            f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};"
            f"BlobEndpoint=http://127.0.0.1:{self.port}/{ACCOUNT};"
        )

    @property
    def running(self) -> bool:
        """Whether the process is alive."""
        return self._child.running

    def start(self) -> None:
        """Install Azurite if need be, start it, return when it listens."""
        main = installed(HERE, self._progress) / MAIN
        self._lock.acquire()
        try:
            self._launch(main)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Let it write its index and end. Harmless when stopped."""
        self._child.stop()
        self._lock.release()

    def restart(self) -> None:
        """Stop and start on the same port."""
        self.stop()
        self.start()

    def kill(self) -> None:
        """End it without a warning."""
        self._child.kill()
        self._lock.release()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _launch(self, main: Path) -> None:
        self.port = self.port or free_port()
        place = ["--inMemoryPersistence"] if self._in_memory else ["--location", self.folder]
        # The SDK speaks a newer API version than Azurite knows.
        flags = ["--silent", "--disableTelemetry", "--skipApiVersionCheck"]
        address = ["--blobHost", "127.0.0.1", "--blobPort", str(self.port)]
        self._child.start([node(), main, *flags, *address, *place], self.port)
