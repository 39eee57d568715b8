"""What every answer has: an ETag where it can be asked for again, headers that browsers obey."""

import hashlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.datastructures import Headers, MutableHeaders

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "referrer-policy": "same-origin",
    "strict-transport-security": "max-age=31536000",
    "x-content-type-options": "nosniff",
}


class Delivery:
    """ASGI middleware. Answers are gathered first: the Functions host takes them whole anyway."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start: Message = {}
        parts: list[bytes] = []

        async def gather(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                parts.append(message.get("body", b""))

        await self._app(scope, receive, gather)
        body = _finish(scope, start, b"".join(parts))
        await send(start)
        await send({"type": "http.response.body", "body": body})


def _finish(scope: Scope, start: Message, body: bytes) -> bytes:
    headers = MutableHeaders(raw=start["headers"])
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    headers.setdefault("cache-control", "private, no-cache")
    if scope["method"] != "GET" or start["status"] != 200:
        return body
    tag = f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers["etag"] = tag
    if tag in Headers(scope=scope).get("if-none-match", ""):
        start["status"] = 304
        del headers["content-length"]
        return b""
    return body
