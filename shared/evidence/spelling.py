"""One spelling of a JSON object, and its SHA-256."""

import hashlib
import json
from typing import Any


def canonical(body: dict[str, Any]) -> str:
    """The one spelling of a JSON object: sorted keys, no blanks, no escapes.

    >>> canonical({"b": 1, "a": "é"})
    '{"a":"é","b":1}'
    """
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest_of(body: dict[str, Any]) -> str:
    """SHA-256 of the canonical spelling."""
    return hashlib.sha256(canonical(body).encode()).hexdigest()
