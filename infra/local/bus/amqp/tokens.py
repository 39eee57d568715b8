"""The ``$cbs`` node: who may talk to the broker."""

import base64
import hashlib
import hmac
from collections.abc import Callable
from urllib.parse import unquote

from infra.local.bus.amqp import codec
from infra.local.bus.amqp.requests import Request, Response

KEY_NAME = "RootManageSharedAccessKey"
KEY = "SAS_KEY_VALUE"
"""The official emulator's key: local, public and no secret."""

_PREFIX = "SharedAccessSignature "


def put_token(request: Request, now: Callable[[], int]) -> Response:
    """202 for a token signed with the key that has not expired, else 401."""
    if request.operation != "put-token":
        return Response(400, "Only put-token is known here.", codec.NULL, "amqp:not-implemented")
    if isinstance(request.body, str) and is_valid(request.body, now()):
        return Response(202, "Accepted", codec.NULL)
    return Response(401, "The token is invalid or has expired.", codec.NULL, _REFUSED)


def is_valid(token: str, now: int) -> bool:
    """Whether the shared access signature was made with our key and is good at ``now``."""
    fields = dict(
        part.split("=", 1) for part in token.removeprefix(_PREFIX).split("&") if "=" in part
    )
    audience, expiry = fields.get("sr", ""), fields.get("se", "")
    given = unquote(fields.get("sig", ""))
    signed = hmac.new(KEY.encode(), f"{audience}\n{expiry}".encode(), hashlib.sha256).digest()
    return (
        unquote(fields.get("skn", "")) == KEY_NAME
        and hmac.compare_digest(given.encode(), base64.b64encode(signed))
        and expiry.isdecimal()
        and int(expiry) * 1000 > now
    )


_REFUSED = "com.microsoft:auth-failed"
