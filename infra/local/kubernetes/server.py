"""The HTTP side: threads that read requests and write answers."""

import json
import logging
import select
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from infra.local.kubernetes.dispatch import Dispatcher, Reply, Request, Stream
from infra.local.kubernetes.status import Json, Refused, bad_request

_log = logging.getLogger(__name__)
_LARGEST_BODY = 3 * 1024 * 1024


class Server(ThreadingHTTPServer):
    """Serves on loopback; ``stop`` also ends the connections that clients keep open."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, dispatcher: Dispatcher, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.dispatcher = dispatcher
        self._connections: dict[socket.socket, threading.Thread] = {}
        self._guard = threading.Lock()
        self._acceptor = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def start(self) -> None:
        self._acceptor.start()

    def stop(self) -> None:
        self.shutdown()
        self._acceptor.join()
        self.server_close()
        with self._guard:
            open_now = dict(self._connections)
        for connection, thread in open_now.items():
            _hang_up(connection)
            thread.join()

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        with self._guard:
            self._connections[request] = threading.current_thread()
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._guard:
                del self._connections[request]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that breaks is the client's affair; anything else was answered with 500."""


def _hang_up(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    # Without it Nagle's algorithm waits 40 ms for the client's delayed acknowledgement.
    disable_nagle_algorithm = True
    # One segment for head and body.
    wbufsize = -1

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are not logged: their bodies hold Secrets, and stderr is the caller's."""

    def _handle(self) -> None:
        try:
            answer = self.server.dispatcher.answer(self._request())
        except Refused as refused:
            answer = Reply(refused.code, refused.body)
        except RecursionError:
            answer = Reply(400, bad_request("the body of the request is nested too deeply").body)
        except Exception as error:  # noqa: BLE001 - a bug is one request's, not the server's
            _log.exception("request_failed %s %s", self.command, urlsplit(self.path).path)
            message = f"Internal error occurred: {type(error).__name__}"
            answer = Reply(500, Refused(500, "InternalError", message).body)
        if isinstance(answer, Reply):
            self._reply(answer)
        else:
            self._stream(answer)

    do_DELETE = do_GET = do_PATCH = do_POST = do_PUT = _handle  # noqa: N815

    def _request(self) -> Request:
        body = self.rfile.read(self._body_length())
        url = urlsplit(self.path)
        return Request(
            method=self.command,
            path=tuple(unquote(part) for part in url.path.strip("/").split("/")),
            query=dict(parse_qsl(url.query, keep_blank_values=True)),
            content_type=self.headers.get("Content-Type", "").partition(";")[0].strip(),
            user_agent=self.headers.get("User-Agent", ""),
            body=body,
        )

    def _body_length(self) -> int:
        declared = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not declared.isdecimal():
            self.close_connection = True
            raise Refused(411, "LengthRequired", "send the body with a Content-Length")
        if int(declared) > _LARGEST_BODY:
            self.close_connection = True
            message = f"Request entity too large: limit is {_LARGEST_BODY}"
            raise Refused(413, "RequestEntityTooLarge", message)
        return int(declared)

    def _reply(self, reply: Reply) -> None:
        text = isinstance(reply.body, str)
        data = reply.body.encode() if isinstance(reply.body, str) else _encoded(reply.body)
        self.send_response(reply.code)
        self.send_header("Content-Type", "text/plain" if text else "application/json")
        self.send_header("Content-Length", str(len(data)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(data)

    def _stream(self, stream: Stream) -> None:
        self.send_response(200)
        self.send_header("Content-Type", stream.content_type)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.flush()
        for chunk in stream.chunks:
            if chunk:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
                self.wfile.flush()
            elif self._client_left():
                self.close_connection = True
                return
        self.wfile.write(b"0\r\n\r\n")

    def _client_left(self) -> bool:
        readable, _, _ = select.select([self.connection], [], [], 0)
        return bool(readable) and self.connection.recv(1, socket.MSG_PEEK) == b""


def _encoded(body: Json) -> bytes:
    return json.dumps(body).encode()
