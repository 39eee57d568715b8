"""Any message becomes a CloudEvent, or a sentence that says what to send instead.

Everything that a sender could do to the ledger is stopped here: what PostgreSQL cannot store, what
two parsers would read differently, what is too large, too deep or too long.
"""

import hashlib
import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from pydantic import ValidationError

from shared.errors import PermanentError, explain
from shared.messages import CloudEvent

MAX_BYTES = 64 * 1024
"""An event names facts and does not carry them; Event Grid counts events in pieces of this size."""
MAX_DEPTH = 32
MAX_DIGITS = 40
ALERT = "azure-monitor-alert"
"""How an alert of Azure Monitor is called here: it is no event of Azure and has no type there."""
ENVELOPE = frozenset(CloudEvent.model_fields)
TRACEPARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"
)


class Unacceptable(PermanentError):
    """The message is no event that Signalbox can ever answer; it was parked."""


@dataclass(frozen=True)
class Received:
    """A message as a subscription handed it over."""

    topic: str
    subscription: str
    message_id: str
    body: bytes
    properties: Mapping[str, Any]


def read_event(received: Received) -> CloudEvent:
    """The event in a message, whichever way it was written. Raises Unacceptable.

    Taken as it is: a CloudEvent. Understood as well: Event Grid's own schema, Azure Monitor's
    common alert schema, an array of one, and what a person types, where ``id``, ``source`` and
    ``data`` may be missing: the facts then stand beside ``type``.
    """
    said = _only(read_json(received.body))
    if "eventType" in said and "specversion" not in said:
        event = _from_event_grid(said)
    elif said.get("schemaId") == "azureMonitorCommonAlertSchema":
        event = _from_alert(said)
    else:
        event = _completed(said)
    event.setdefault("id", _identity(received))
    try:
        return CloudEvent.model_validate(event)
    except ValidationError as error:
        raise Unacceptable(explain(error)) from None


def digest(body: bytes) -> str:
    """The identity of a message that came without any."""
    return hashlib.sha256(body).hexdigest()[:16]


def _identity(received: Received) -> str:
    known = received.message_id
    return known if known and known.isprintable() else digest(received.body)


def storable(text: str | None) -> str:
    """A text without what PostgreSQL refuses to store."""
    return (text or "").replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


# -- JSON ----------------------------------------------------------------------------------------


def read_json(body: bytes) -> Any:
    """JSON that means the same to everyone who reads it. Raises Unacceptable."""
    if len(body) > MAX_BYTES:
        raise Unacceptable(
            f"the message has {len(body):,} bytes, an event at most {MAX_BYTES:,}: put what is"
            " large into blob storage and name the blob"
        )
    try:
        value = json.loads(
            _text(body),
            object_pairs_hook=_object,
            parse_constant=_refuse_constant,
            parse_float=_finite,
            parse_int=_bounded,
        )
    except json.JSONDecodeError as error:
        raise Unacceptable(_syntax(error)) from None
    except RecursionError:
        raise _too_deep() from None
    _refuse_what_cannot_be_stored(value)
    return value


def _text(body: bytes) -> str:
    encoding = json.detect_encoding(body)
    if not encoding.startswith("utf-8"):
        raise Unacceptable(f"the message is {encoding[:6].upper()}: send it as UTF-8")
    try:
        return body.decode(encoding)
    except UnicodeDecodeError:
        raise Unacceptable("the message is no UTF-8 text: send JSON, encoded as UTF-8") from None


def _syntax(error: json.JSONDecodeError) -> str:
    if not error.doc.strip():
        return "the message is empty: send a JSON object"
    return f"Invalid JSON: {error.msg} in line {error.lineno}, column {error.colno}"


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise Unacceptable(f"{_quoted(name)} is there twice in one object: state it once")
        found[name] = value
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise Unacceptable(f"{name} is no number in JSON: leave the fact out, or write a text")


def _finite(number: str) -> float:
    value = float(number)
    if not math.isfinite(value):
        raise Unacceptable("a number is too large to be stored")
    return value


def _bounded(number: str) -> int:
    if len(number) > MAX_DIGITS:
        raise Unacceptable(f"a number has more than {MAX_DIGITS} digits: write it as a text")
    return int(number)


def _refuse_what_cannot_be_stored(value: Any) -> None:
    """Level by level, so that depth costs no stack."""
    level = [value]
    for _ in range(MAX_DEPTH):
        for text in (each for each in level if isinstance(each, str)):
            _refuse_unstorable(text)
        level = [inner for each in level for inner in _inside(each)]
        if not level:
            return
    raise _too_deep()


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return [*value, *value.values()]
    return value if isinstance(value, list) else ()


def _refuse_unstorable(text: str) -> None:
    if storable(text) != text:
        raise Unacceptable("a text holds the character NUL or half a surrogate pair: remove it")


def _too_deep() -> Unacceptable:
    return Unacceptable(f"the message is nested deeper than {MAX_DEPTH} levels: state facts flatly")


def _quoted(text: str) -> str:
    """A name as it was given if it can do no harm where it is shown."""
    return repr(text) if re.fullmatch(r"[\w.-]{1,60}", text, re.ASCII) else "a field"


# -- envelopes -----------------------------------------------------------------------------------


def _only(value: Any) -> dict[str, Any]:
    """Azure's samples, and Event Grid's webhooks, put an event into an array."""
    if isinstance(value, list) and len(value) == 1:
        [value] = value
    if isinstance(value, list):
        raise Unacceptable("the message is an array of several: send one event per message")
    if isinstance(value, str):
        raise Unacceptable("the message is a text in quotes: send the JSON object itself")
    if not isinstance(value, dict):
        raise Unacceptable("the message is no JSON object: an event begins with {")
    return dict(value)


def _from_event_grid(said: Mapping[str, Any]) -> dict[str, Any]:
    """https://learn.microsoft.com/azure/event-grid/event-schema"""
    names = {"topic": "source", "eventType": "type", "eventTime": "time"}
    kept = {"id", "subject", "data", *names}
    return {names.get(name, name): value for name, value in said.items() if name in kept}


def _from_alert(said: Mapping[str, Any]) -> dict[str, Any]:
    """https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-common-schema

    Its essentials; the context, which may quote logs, is left out. The same alert in the same
    condition is the same event, however often it is sent.
    """
    essentials = said["data"].get("essentials") if isinstance(said.get("data"), dict) else None
    if not isinstance(essentials, dict) or not isinstance(essentials.get("alertId"), str):
        raise Unacceptable("the alert has no data.essentials.alertId: turn its common schema on")
    moments = [essentials.get(name) for name in ("resolvedDateTime", "firedDateTime")]
    return {
        "source": "/azure-monitor",
        "id": f"{essentials['alertId'].rpartition('/')[2]}:{essentials.get('monitorCondition')}",
        "type": ALERT,
        "subject": essentials.get("alertRule"),
        "time": next(filter(None, moments), None),
        "data": {name: value for name, value in essentials.items() if name != "description"},
    }


def _completed(said: dict[str, Any]) -> dict[str, Any]:
    """With hand-typed facts under ``data``, and without what is not worth a refusal."""
    if "data" not in said and said.keys() - ENVELOPE:
        facts = {name: value for name, value in said.items() if name not in ENVELOPE}
        said = {name: value for name, value in said.items() if name in ENVELOPE} | {"data": facts}
    kind = said.get("datacontenttype")
    if isinstance(kind, str) and kind.partition(";")[0].strip().lower() == "application/json":
        said["datacontenttype"] = "application/json"
    trace = said.get("traceparent")
    if not (isinstance(trace, str) and TRACEPARENT.fullmatch(trace)):
        said.pop("traceparent", None)  # https://www.w3.org/TR/trace-context: start a new trace
    return said
