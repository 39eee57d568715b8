"""Pass on what Signalbox says to where others listen.

Everything is said on topic `run-events`. Who would rather subscribe at Azure Event Grid gets the
outcomes there: what a person or a dashboard wants to know, not each step.
"""

from shared.bus.eventgrid import EventGridTopic
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


def publish_outcome(received: Received, *, grid: EventGridTopic | None) -> None:
    """Publish an outcome at Event Grid, if a topic there is configured.

    Safe to repeat: the event keeps its id, by which subscribers know it. While Event Grid is out of
    reach the bus delivers again; what it gives up is parked, without an announcement.
    """
    if grid is not None:
        grid.publish(CloudEvent.model_validate_json(received.body))
