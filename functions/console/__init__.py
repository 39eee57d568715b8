"""What people and dashboards ask over HTTP: is it healthy, what runs, what happened."""

from dataclasses import asdict
from uuid import UUID

from shared.bus import Bus
from shared.ledger import Ledger
from shared.runs.intake import Intake
from shared.runs.publishing import publish
from shared.runs.reading import Received, Unacceptable, read_event
from shared.triggers import Answer, Asked, problem

LIMIT = "limit is a whole number from 1 to 500."
MOST = 2**62
"""Above the number of every event."""


def health(_: Asked, *, ledger: Ledger) -> Answer:
    """200 when the ledger answers; raises, hence 500, when it does not."""
    return Answer({"status": "healthy", **asdict(ledger.counts())})


def list_runs(asked: Asked, *, ledger: Ledger) -> Answer:
    """Newest first; ``?environment=``, ``?status=`` and ``?limit=`` narrow it down."""
    limit = _number(asked, "limit", 20)
    if limit is None or not 1 <= limit <= 500:
        return problem(400, LIMIT)
    runs = ledger.recent_runs(
        environment=asked.query.get("environment"),
        status=asked.query.get("status"),
        limit=limit,
    )
    return Answer([asdict(run) for run in runs])


def list_events(asked: Asked, *, ledger: Ledger) -> Answer:
    """What became of every event, newest first.

    ``?environment=``, ``?disposition=``, ``?type=`` and ``?limit=`` narrow it down, ``?before=``
    goes on below a number, ``?source=&id=`` finds one.
    """
    source, id = asked.query.get("source"), asked.query.get("id")
    if source and id:
        found = ledger.event(source, id)
        return Answer([asdict(found)] if found else [])
    limit, before = _number(asked, "limit", 20), _number(asked, "before", MOST)
    if limit is None or not 1 <= limit <= 500 or before is None:
        return problem(400, f"{LIMIT} before is a number.")
    events = ledger.recent_events(
        environment=asked.query.get("environment"),
        disposition=asked.query.get("disposition"),
        type=asked.query.get("type"),
        before=before,
        limit=limit,
    )
    return Answer([asdict(event) for event in events])


def show_event(asked: Asked, *, ledger: Ledger) -> Answer:
    """One event by its number, with its body."""
    said = asked.route["number"]
    found = ledger.event_by_number(int(said)) if _is_number(said) else None
    if found is None:
        return problem(404, "There is no event of this number.")
    return Answer(asdict(found) | {"body": ledger.event_body(found.number)})


def _number(asked: Asked, name: str, default: int) -> int | None:
    """A number of the query; None when it is none."""
    said = asked.query.get(name)
    if said is None:
        return default
    return int(said) if _is_number(said) else None


def _is_number(said: str) -> bool:
    return said.isascii() and said.isdigit() and len(said) <= 18


def show_run(asked: Asked, *, ledger: Ledger) -> Answer:
    """Everything the ledger has about one run."""
    try:
        record = ledger.run_record(UUID(asked.route["id"]))
    except ValueError:
        return problem(400, "A run's id is a UUID.")
    return Answer(record) if record else problem(404, "There is no such run.")


def publish_event(asked: Asked, *, intake: Intake, bus: Bus) -> Answer:
    """Check an event as intake will, and publish it: 202 with its source and id."""
    try:
        event = read_event(Received("http", "http", "", asked.body, {}))
        intake.understand(event)
    except Unacceptable as refused:
        return problem(400, str(refused))
    publish(bus, event)
    return Answer({"source": event.source, "id": event.id}, 202)
