"""Posting to a webhook, signed where the receiver can check that."""

import base64
import binascii
import hashlib
import hmac
import json
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import HTTPError, LocationValueError

from shared.errors import PermanentError, TemporaryError

PATIENCE = timedelta(seconds=7)
"""With connecting, and with each part of an answer; a slow receiver keeps a worker of ours."""
PASSING = frozenset({408, 409, 425, 429})
"""Refusals after which the same request may be taken."""
LOOPBACK = ("127.0.0.1", "localhost", "::1")
KEY_PREFIX = "whsec_"

_pool = urllib3.PoolManager(retries=False)


class WebhookSilent(TemporaryError):
    """The receiver did not answer, or said that it cannot right now."""


class WebhookRefused(PermanentError):
    """The receiver will never take this: its address or its key is not right any more."""


class WebhookUnusable(PermanentError):
    """The secret of a webhook is no address, or no key, that can be used."""


def post(
    name: str, url: str, body: bytes, headers: dict[str, str], *, patience: timedelta = PATIENCE
) -> None:
    """Post JSON; anything but 2xx raises, redirects included: nothing is told to a stranger.

    ``name`` is what errors call the receiver; they never hold the address, which is a secret.
    Raises WebhookSilent, WebhookRefused and WebhookUnusable.
    """
    _refuse_unsafe(name, url)
    sent = {"content-type": "application/json", "user-agent": "signalbox"} | headers
    try:
        answer = _pool.request(
            "POST",
            url,
            body=body,
            headers=sent,
            timeout=patience.total_seconds(),
            redirect=False,
            preload_content=False,
        )
    except LocationValueError:
        raise WebhookUnusable(f"webhook {name}: its url is no address: correct it") from None
    except HTTPError as error:
        raise WebhookSilent(f"webhook {name} is silent: {type(error).__name__}") from None
    answer.close()  # whatever else it says: we do not want it
    _judge(name, answer.status)


def _refuse_unsafe(name: str, url: str) -> None:
    try:
        parts = urlsplit(url)
    except ValueError:
        raise WebhookUnusable(f"webhook {name}: its url is no address: correct it") from None
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise WebhookUnusable(f"webhook {name}: its url must begin with https://")


def _judge(name: str, status: int) -> None:
    if 200 <= status < 300:
        return
    if status >= 500 or status in PASSING:
        raise WebhookSilent(f"webhook {name} answered {status}")
    raise WebhookRefused(
        f"webhook {name} answered {status}: correct the address or the key that its references"
        " lead to, then replay this message"
    )


def spelled(body: dict[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def signature(name: str, key: str, id: str, at: datetime, body: bytes) -> dict[str, str]:
    """Headers by which a receiver knows that we said this, and when.

    HMAC-SHA256 over id, time and body; libraries for receivers are at
    https://www.standardwebhooks.com. Raises WebhookUnusable when the key is none.
    """
    stamp = str(int(at.timestamp()))
    signed = b".".join((id.encode(), stamp.encode(), body))
    mac = hmac.new(_key(name, key), signed, hashlib.sha256).digest()
    return {
        "webhook-id": id,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{base64.b64encode(mac).decode()}",
    }


def _key(name: str, text: str) -> bytes:
    try:
        found = base64.b64decode(text.removeprefix(KEY_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        found = b""
    if not (text.startswith(KEY_PREFIX) and 24 <= len(found) <= 64):
        raise WebhookUnusable(
            f"webhook {name}: its signing_key must be {KEY_PREFIX} and 24 to 64 bytes in base64"
        )
    return found
