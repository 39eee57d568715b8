"""Pass on what Signalbox says to where others listen.

Everything is said on topic `run-events`. Who would rather subscribe at Azure Event Grid gets the
outcomes there: what a person or a dashboard wants to know, not each step. Where telemetry is
exported, the trace of each run that ended is drawn.
"""

from uuid import UUID

from shared.bus.eventgrid import EventGridTopic
from shared.ledger import Ledger
from shared.messages import CloudEvent
from shared.messages.announcements import (
    Announcement,
    ApprovalDecided,
    ApprovalEscalated,
    ApprovalRequested,
    BreakGlassUsed,
    MessageParked,
    RunFailed,
    RunOverdue,
    RunStarted,
    RunSucceeded,
    RunSuperseded,
)
from shared.runs.commands import ANNOUNCEMENTS
from shared.runs.reading import Received
from shared.telemetry import Telemetry

TOPIC = ANNOUNCEMENTS
SUBSCRIPTION = "publish-outcome"
OUTCOMES: tuple[type[Announcement], ...] = (
    RunStarted,
    RunSucceeded,
    RunFailed,
    RunSuperseded,
    RunOverdue,
    ApprovalRequested,
    ApprovalEscalated,
    ApprovalDecided,
    BreakGlassUsed,
    MessageParked,
)
"""What the subscription lets through."""
ENDS = frozenset(kind.type for kind in (RunSucceeded, RunFailed, RunSuperseded))


def publish_outcome(
    received: Received, *, grid: EventGridTopic | None, ledger: Ledger, telemetry: Telemetry
) -> None:
    """Publish an outcome at Event Grid, if a topic there is configured; draw the run's trace.

    Safe to repeat: the event keeps its id, by which subscribers know it, and so do the spans. While
    Event Grid is out of reach the bus delivers again; what it gives up is parked, without an
    announcement.
    """
    said = CloudEvent.model_validate_json(received.body)
    if grid is not None:
        grid.publish(said)
    if said.type in ENDS:
        telemetry.run_ended(lambda: ledger.run_record(UUID(said.data["run"])))
