"""The hook that makes an embedded server a standby again: who owns its files is this process."""

import json
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

Rejoin = Callable[[str, str], str]
"""Takes the server's name and its new primary's; returns how it was done, or raises."""


class RejoinHooks:
    """Serves ``POST /<token>``: an order begins once per epoch, and is asked about after that."""

    def __init__(self, rejoin: Rejoin, token: str) -> None:
        self._rejoin = rejoin
        self._token = token
        self._work: dict[tuple[str, int], Future[str]] = {}
        self._lock = threading.Lock()
        self._server: ThreadingHTTPServer | None = None
        self._pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="rejoin")

    @property
    def url(self) -> str:
        """The address; whoever knows it may give orders."""
        if self._server is None:
            raise RuntimeError("The hook is not served: call start() first.")
        return f"http://127.0.0.1:{self._server.server_port}/{self._token}"

    def start(self, port: int = 0) -> None:
        """Serve, on any free port or on this one."""
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        """Finish what was begun, and answer no more. Harmless when stopped."""
        self._pool.shutdown(wait=True)
        server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()

    def answer(self, order: dict[str, Any]) -> dict[str, str]:
        """Begin what is ordered, or say how far it is."""
        key = (str(order["server"]), int(order["epoch"]))
        with self._lock:
            if key not in self._work:
                self._work[key] = self._pool.submit(self._rejoin, key[0], str(order["primary"]))
            work = self._work[key]
        if not work.done():
            return {"state": "working", "why": "the server is being wound back"}
        failure = work.exception()
        if failure is None:
            return {"state": "done", "why": work.result()}
        with self._lock:
            self._work.pop(key, None)  # the next order tries again
        return {"state": "failed", "why": str(failure).splitlines()[0]}

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        hooks = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                if not secrets.compare_digest(self.path.strip("/"), hooks._token):
                    self.send_error(404)
                    return
                length = int(self.headers.get("Content-Length", "0"))
                try:
                    said = hooks.answer(json.loads(self.rfile.read(length)))
                except (ValueError, KeyError, TypeError):
                    self.send_error(400, "expected server, primary and epoch as JSON")
                    return
                body = json.dumps(said).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """The address is a secret."""

        return Handler
