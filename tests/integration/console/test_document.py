"""Whatever its OpenAPI document allows, or does not: the API answers as the document says."""

from contextlib import suppress

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.integration.console.stage import Degraded, Stage

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
FEW = settings(
    max_examples=5,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def test_every_answer_fits_the_document(stage: Stage) -> None:
    there = furnish(stage)
    document = schemathesis.openapi.from_asgi("/api/openapi.json", stage.app)
    operations = [found.ok() for found in document.get_all_operations()]

    answered = {each.label: ask(each, there) for each in operations}

    assert len(operations) == sum(len(path) for path in stage.app.openapi()["paths"].values())
    unread = {label for label, codes in answered.items() if "GET" in label and 200 not in codes}
    assert unread == {"GET /api/runs/{id}/evidence"}, "no run is over"


def furnish(stage: Stage) -> dict[str, str]:
    """Something of each kind; what there is, by the part of the path before its id."""
    run = stage.backup()
    stage.work(2)
    stage.happen(Degraded(environment="acme-prod"))
    stage.work(2)
    stage.park(b"no event")
    [approval] = stage.approvals.newest()
    [parked] = stage.ledger.parked_messages()
    name = stage.reserve("ana-fix").name
    there = {"runs": str(run), "approvals": approval.id, "parked": parked.id}
    return there | {"environments": name}


def ask(operation: APIOperation, there: dict[str, str]) -> set[int]:
    """The status codes of requests that fit the document, for what is there and for what is not,
    and of some that do not fit it.
    """
    answered = set()
    kind = operation.path.split("/")[2]
    identity = "name" if kind == "environments" else "id"

    def send(case: Case) -> None:
        answered.add(case.call_and_validate(checks=CHECKS).status_code)

    def send_about_what_is_there(case: Case) -> None:
        case.path_parameters |= {identity: there[kind]}
        send(case)

    fitting = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    unfitting = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)
    FEW(given(fitting)(send))()
    if f"{{{identity}}}" in operation.path:
        FEW(given(fitting)(send_about_what_is_there))()
    with suppress(Unsatisfiable):  # nothing that could be said to it is wrong
        FEW(given(unfitting)(send))()
    return answered
