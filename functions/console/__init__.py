"""What people and dashboards ask over HTTP: is it healthy, what runs, what happened."""

from dataclasses import asdict
from uuid import UUID

from shared.bus import Bus
from shared.ledger import Ledger
from shared.runs.intake import Intake
from shared.runs.publishing import publish
from shared.runs.reading import Received, Unacceptable, read_event
from shared.triggers import Answer, Asked


def health(_: Asked, *, ledger: Ledger) -> Answer:
    """200 when the ledger answers; raises, hence 500, when it does not."""
    return Answer({"status": "healthy", **asdict(ledger.counts())})


def list_runs(asked: Asked, *, ledger: Ledger) -> Answer:
    """Newest first; ``?environment=``, ``?status=`` and ``?limit=`` narrow it down."""
    limit = asked.query.get("limit", "20")
    if not limit.isdigit() or not 1 <= int(limit) <= 500:
        return Answer({"error": "limit is a whole number from 1 to 500"}, 400)
    runs = ledger.recent_runs(
        environment=asked.query.get("environment"),
        status=asked.query.get("status"),
        limit=int(limit),
    )
    return Answer([asdict(run) for run in runs])


def show_run(asked: Asked, *, ledger: Ledger) -> Answer:
    """Everything the ledger has about one run."""
    try:
        record = ledger.run_record(UUID(asked.route["id"]))
    except ValueError:
        return Answer({"error": "a run's id is a UUID"}, 400)
    return Answer(record) if record else Answer({"error": "there is no such run"}, 404)


def publish_event(asked: Asked, *, intake: Intake, bus: Bus) -> Answer:
    """Check an event as intake will, and publish it: 202 with its source and id."""
    try:
        event = read_event(Received("http", "http", "", asked.body, {}))
        intake.understand(event)
    except Unacceptable as refused:
        return Answer({"error": str(refused)}, 400)
    publish(bus, event)
    return Answer({"source": event.source, "id": event.id}, 202)
