"""What stands in for an Event Grid topic: a local HTTP server that keeps what is published."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "the-topics-key"


class GridReceiver(ThreadingHTTPServer):
    """Answers as the service does: 200, or 401 to who does not have the key."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.events: list[dict[str, Any]] = []
        self.content_types: set[str | None] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/api/events"


class _Handler(BaseHTTPRequestHandler):
    server: GridReceiver

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        allowed = self.headers.get("aeg-sas-key") == KEY
        if allowed:
            self.server.content_types.add(self.headers["content-type"])
            self.server.events += body
        self.send_response(200 if allowed else 401)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def grid_receiver() -> Iterator[GridReceiver]:
    with GridReceiver() as receiver:
        thread = threading.Thread(target=receiver.serve_forever)
        thread.start()
        try:
            yield receiver
        finally:
            receiver.shutdown()
            thread.join()
