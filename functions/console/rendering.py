"""Templates, and the few words that all of them share."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import resources
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from functions.console.access import Reader, form_token
from functions.console.desk import At, Desk
from shared.identity import Caller, Role
from shared.signs import SIGNS, span

STATIC = {
    "console.css": "text/css; charset=utf-8",
    "console.js": "text/javascript; charset=utf-8",
    "link.js": "text/javascript; charset=utf-8",
    "htmx-2.0.11.min.js": "text/javascript; charset=utf-8",
}


@cache
def static_file(name: str) -> bytes:
    return (resources.files(__package__) / "static" / name).read_bytes()


@cache
def static_path(name: str) -> str:
    """The path of a file, which changes with its content: browsers may keep it for ever."""
    return f"/static/{name}?v={hashlib.sha256(static_file(name)).hexdigest()[:12]}"


def ago(time: timedelta) -> str:
    """
    >>> [ago(timedelta(minutes=m)) for m in (0, 7, 100, 3000)]
    ['under 1 min', '7 min', '100 min', '2 d']
    """
    minutes = int(time.total_seconds() // 60)
    if minutes < 1:
        return "under 1 min"
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} d"


def moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%F %T}"


templates = Environment(
    loader=PackageLoader(__package__),
    autoescape=select_autoescape(),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
templates.globals.update(sign=SIGNS.get, static=static_path)
templates.filters.update(span=span, ago=ago, moment=moment)


def render(request: Request, template: str, status: int = 200, **facts: Any) -> HTMLResponse:
    """A whole page; ``caller`` and ``live`` are what every page may have."""
    shared = {"path": request.url.path, "caller": None, "live": False}
    return HTMLResponse(templates.get_template(template).render(shared | facts), status)


@dataclass(frozen=True)
class Page:
    """What somebody asks to see. Templates get who looks and when, what they may do, and the token
    of their forms."""

    request: Request
    desk: Desk
    caller: Caller

    def show(self, template: str, **facts: Any) -> HTMLResponse:
        return render(self.request, template, **self._shared(), **facts)

    def show_live(self, name: str, every: timedelta | None, **facts: Any) -> Response:
        """A page of which one part renews itself, as long as ``every`` is given.

        The part asks with the digest of what it shows; while nothing has changed it is told so
        (204).
        """
        inner = templates.get_template(f"{name}_part.html").render(self._shared() | facts)
        digest = hashlib.sha256(inner.encode()).hexdigest()[:16]
        if self.request.query_params.get("seen") == digest:
            return Response(status_code=204)
        part = Markup(inner) if every is None else self._renewed(inner, digest, every)
        if "seen" in self.request.query_params:
            return HTMLResponse(part)
        return self.show(f"{name}.html", part=part, live=every is not None, **facts)

    def _renewed(self, inner: str, digest: str, every: timedelta) -> Markup:
        source = self.request.url.include_query_params(seen=digest)
        live = templates.get_template("live.html").render(
            inner=Markup(inner),
            source=f"{source.path}?{source.query}",
            every=int(every.total_seconds()),
        )
        return Markup(live)

    def _shared(self) -> dict[str, Any]:
        return {
            "caller": self.caller,
            "may_operate": self.caller.may(Role.OPERATOR),
            "may_decide": self.caller.may(Role.APPROVER),
            "token": form_token(self.desk, self.caller),
            "now": self.desk.ledger.clock(),
        }


def _page(request: Request, desk: At, caller: Reader) -> Page:
    return Page(request, desk, caller)


Asked = Annotated[Page, Depends(_page)]
"""The page that is asked for, as a handler's parameter."""
