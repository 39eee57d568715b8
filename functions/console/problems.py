"""Every refusal over HTTP: problem+json for programs, a page for people; nothing is reflected."""

from typing import Any

import structlog
from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from psycopg import DataError, OperationalError
from psycopg_pool import PoolTimeout
from pydantic import BaseModel
from starlette.exceptions import HTTPException as StarletteException
from starlette.status import HTTP_422_UNPROCESSABLE_CONTENT

from functions.console.rendering import render
from shared.errors import PermanentError
from shared.estate import UnknownEnvironment
from shared.ledger.environments import UnknownOnRequest
from shared.runs.cancelling import NoSuchRun
from shared.runs.deciding import UnknownApproval

log = structlog.get_logger()

TITLES = {
    400: "Bad request",
    401: "Not signed in",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Refused",
    413: "Too large",
    422: "Does not fit",
    429: "Too many requests",
    503: "Out of reach",
}


UNKNOWN = UnknownApproval | NoSuchRun | UnknownOnRequest | UnknownEnvironment


class Problem(BaseModel):
    """RFC 9457, https://www.rfc-editor.org/rfc/rfc9457."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str


PROBLEM_JSON = "application/problem+json"


def _described(description: str) -> dict[str, Any]:
    """A refusal as the OpenAPI document has it."""
    schema = Problem.model_json_schema()
    return {"description": description, "content": {PROBLEM_JSON: {"schema": schema}}}


REFUSALS: dict[int | str, dict[str, Any]] = {
    "4XX": _described("Why not, and what to do."),
    503: _described("The ledger does not answer."),
}
"""What every operation of the API may answer."""


def add_problems(app: FastAPI) -> None:
    """Answer for every error that handlers raise."""
    app.add_exception_handler(StarletteException, _refused)
    app.add_exception_handler(RequestValidationError, _unfitting)
    app.add_exception_handler(PermanentError, _impossible)
    app.add_exception_handler(DataError, _unstorable)
    app.add_exception_handler(OperationalError, _out_of_reach)
    app.add_exception_handler(PoolTimeout, _out_of_reach)


def problem(
    request: Request, status: int, detail: str, headers: dict[str, str] | None = None
) -> Response:
    """The refusal in the form that suits who asked."""
    title = TITLES.get(status, "Refused")
    if not request.url.path.startswith("/api/"):
        page = render(request, "problem.html", status=status, title=title, detail=detail)
        page.headers.update(headers or {})
        return page
    body = Problem(title=title, status=status, detail=detail).model_dump()
    return JSONResponse(body, status, headers, media_type=PROBLEM_JSON)


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, StarletteException)
    own = isinstance(error, HTTPException)  # the framework's own details repeat the request
    detail = error.detail if own else TITLES.get(error.status_code, "Refused") + "."
    return problem(request, error.status_code, detail, dict(error.headers or {}))


def _unfitting(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found: list[dict[str, Any]] = list(error.errors())
    detail = "; ".join(f"{each['loc'][-1]}: {each['msg']}" for each in found)
    return problem(request, HTTP_422_UNPROCESSABLE_CONTENT, detail)


def _impossible(request: Request, error: Exception) -> Response:
    return problem(request, 404 if isinstance(error, UNKNOWN) else 409, str(error))


def _unstorable(request: Request, _: Exception) -> Response:
    """NUL in a text, above all: no ledger has anything of that name."""
    return problem(request, 400, "The request holds characters that cannot be stored.")


def _out_of_reach(request: Request, error: Exception) -> Response:
    log.warning("ledger_out_of_reach", error=str(error))
    detail = "The ledger does not answer; runs go on where they are once it does."
    return problem(request, 503, detail, {"Retry-After": "5"})
