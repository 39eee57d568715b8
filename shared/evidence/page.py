"""A bundle as a page that anyone can read: one HTML file that loads nothing, signed as a whole."""

import json
import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template, select_autoescape

from shared.evidence.bundle import Bundle, BundleInvalid, bundle_path
from shared.masking.proof.seal import Signer, is_signed
from shared.signs import SIGNS, span

FORMAT = "signalbox-evidence-page/1"

_LAST_LINE = re.compile(
    rb"(?s)(.*\n)<!-- " + FORMAT.encode() + rb" ([0-9a-f]{64}) ([0-9a-f]{128}) -->\n"
)
_SHORT = 200
"""Characters of a fact that are shown without being unfolded."""


@dataclass(frozen=True, slots=True)
class _Line:
    """One step that was begun, as the page shows it."""

    name: str
    undoes: str | None
    status: str
    started_at: str
    took: str
    attempts: int
    error: str | None
    facts: tuple[tuple[str, str], ...]
    """What it found out or did, beyond what it was given."""


def render_page(bundle: Bundle, signer: Signer) -> bytes:
    """The page of a bundle; its last line is the signature of all that is above it."""
    facts = bundle.evidence
    text = _template().render(
        bundle=bundle,
        run=facts["run"],
        event=facts["event"],
        lines=[_line(step, facts["attempts"]) for step in facts["steps"] if step["started_at"]],
        approvals=facts["approvals"],
        audit=[entry | {"facts": _plain(entry["facts"])} for entry in facts["audit"]],
        link=bundle.link,
        took=_took(facts["run"]["started_at"], facts["run"]["ended_at"]),
        file=bundle_path(bundle.environment, bundle.link.number, bundle.run).rpartition("/")[2],
    )
    content = f"{text.rstrip()}\n".encode()
    signature = signer.sign(_signed(content))
    return content + f"<!-- {FORMAT} {signer.public_key} {signature} -->\n".encode()


def read_page(content: bytes) -> str:
    """The public key that signed a page, once every byte is known to be as it was written.

    Raises BundleInvalid.
    """
    found = _LAST_LINE.fullmatch(content)
    if found is None:
        raise BundleInvalid("it is no page of evidence: the line with its signature is missing")
    text, key, signature = found.groups()
    if not is_signed(_signed(text), signature.decode(), key.decode()):
        raise BundleInvalid("the page was changed after it was signed")
    return key.decode()


def _signed(content: bytes) -> bytes:
    return FORMAT.encode() + b"\n" + content


def _line(step: dict[str, Any], attempts: list[dict[str, Any]]) -> _Line:
    given, found = step["input"] or {}, step["output"] or {}
    return _Line(
        name=step["name"],
        undoes=step["undoes"],
        status=step["status"],
        started_at=step["started_at"],
        took=_took(step["started_at"], step["ended_at"]),
        attempts=sum(each["position"] == step["position"] for each in attempts),
        error=step["error"],
        facts=tuple((k, _plain(v)) for k, v in found.items() if given.get(k) != v),
    )


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _took(start: str | None, end: str | None) -> str:
    if start is None or end is None:
        return "-"
    return span(datetime.fromisoformat(end) - datetime.fromisoformat(start))


def _moment(at: str | None) -> str:
    """
    >>> _moment("2026-11-22T16:12:55.123+00:00")
    '2026-11-22 16:12:55'
    """
    return "-" if at is None else f"{datetime.fromisoformat(at):%F %T}"


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("shared.evidence", "."),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(sign=SIGNS.get, short=_SHORT)
    environment.filters.update(moment=_moment)
    return environment.get_template("page.html")
