"""The output of Pods, readable while they run and after."""

import time
from collections.abc import Iterator
from pathlib import Path

from infra.local.kubernetes.objects import Target
from infra.local.kubernetes.status import Json, bad_request
from infra.local.kubernetes.store import Store

_OVER = frozenset({"Succeeded", "Failed"})
_POLL_SECONDS = 0.05


class PodLogs:
    """One file per Pod, in the Pod's own folder below ``folder``."""

    def __init__(self, folder: Path, store: Store) -> None:
        self._folder = folder
        self._store = store

    def file(self, uid: str) -> Path:
        return self._folder / uid / "output.log"

    def read(self, pod: Json, tail_lines: int | None = None, limit_bytes: int | None = None) -> str:
        """The output so far; empty for a Pod that runs nothing."""
        output = _tail(self._output(pod), tail_lines)
        return output[:limit_bytes].decode(errors="replace")

    def _output(self, pod: Json) -> bytes:
        metadata, status = pod["metadata"], pod.get("status", {})
        if status.get("phase", "Pending") == "Pending":
            raise bad_request(f'container in pod "{metadata["name"]}" is waiting to start')
        file = self.file(metadata["uid"])
        return file.read_bytes() if file.exists() else b""

    def follow(self, target: Target, tail_lines: int | None) -> Iterator[bytes | None]:
        """The output as it comes, until the Pod is over or gone; None: nothing new."""
        pod = self._store.get(target.key)
        if pod is None:
            return iter(())
        begin = self._output(pod)
        return self._following(target, pod, _tail(begin, tail_lines), len(begin))

    def _following(
        self, target: Target, pod: Json, first: bytes, position: int
    ) -> Iterator[bytes | None]:
        yield first or None
        file, over = self.file(pod["metadata"]["uid"]), False
        while not over:
            current = self._store.get(target.key)
            over = self._store.closed or current is None or current["status"]["phase"] in _OVER
            more = _from(file, position)
            position += len(more)
            yield more or None
            if not more and not over:
                time.sleep(_POLL_SECONDS)


def _from(file: Path, position: int) -> bytes:
    if not file.exists():
        return b""
    with file.open("rb") as stream:
        stream.seek(position)
        return stream.read()


def _tail(output: bytes, lines: int | None) -> bytes:
    if lines is None:
        return output
    return b"".join(output.splitlines(keepends=True)[-lines:] if lines else [])
