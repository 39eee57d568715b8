"""A network between two servers that can be cut: what is sent then waits, and nobody is told."""

import socket
import threading
from contextlib import suppress
from typing import Self

_CHUNK = 64 * 1024


class Wire:
    """A port of 127.0.0.1 that leads to another one, until ``cut`` and again after ``mend``.

    A cut is silent, as with a lost route: connections stay, new ones are accepted, no byte moves.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._whole = threading.Event()
        self._whole.set()
        self._listener: socket.socket | None = None
        self._ends: list[socket.socket] = []

    @property
    def port(self) -> int:
        """Where it listens."""
        if self._listener is None:
            raise RuntimeError("The wire is not laid: call start() first.")
        port: int = self._listener.getsockname()[1]
        return port

    def start(self) -> None:
        """Listen."""
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def stop(self) -> None:
        """Close every connection. Harmless when stopped."""
        listener, self._listener = self._listener, None
        if listener is not None:
            for end in (listener, *self._ends):
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            listener.close()
        self._whole.set()

    def cut(self) -> None:
        """Let nothing pass any more."""
        self._whole.clear()

    def mend(self) -> None:
        """Let pass what waits, and all that follows."""
        self._whole.set()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                threading.Thread(target=self._connect, args=(near,), daemon=True).start()

    def _connect(self, near: socket.socket) -> None:
        self._ends.append(near)
        self._whole.wait()
        with (
            near,
            suppress(OSError),
            socket.create_connection(("127.0.0.1", self._target)) as far,
        ):
            self._ends.append(far)
            back = threading.Thread(target=self._carry, args=(far, near), daemon=True)
            back.start()
            self._carry(near, far)
            back.join()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(_CHUNK):
                self._whole.wait()
                target.sendall(data)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
