"""Let environments without real data sleep outside their hours, and wake them.

    keep       the workloads rest, or have the pods again that they had

``hours-changed`` only says that it is time to look. What is to be follows from the schedule and
from what people want, when the run has the environment: an event that comes twice, late or behind
another one brings about the same. A refresh or a release that is at work ends first.
"""

from datetime import timedelta

from functions.schedules.keep_hours import keep_awake, keep_hours
from shared.estate import Estate
from shared.messages.schedules import HoursChanged
from shared.runs import Runbook, Step
from shared.runs.sleepers import refuse_real_data


def concerned(event: HoursChanged, estate: Estate) -> tuple[str, ...]:
    """The environment itself, of the estate or, where there are offers, perhaps on request.

    Raises UnknownEnvironment, NeverSleeps for production and its standbys.
    """
    of_the_estate = [each.name for each in estate.environments]
    if event.environment in of_the_estate or not estate.offers:
        refuse_real_data(estate.environment(event.environment))
    return (event.environment,)


RUNBOOK = Runbook(
    name="schedule",
    on=HoursChanged,
    concerns=concerned,
    coalesce=lambda event: str(event),
    steps=(Step(keep_hours, undo=keep_awake, time_limit=timedelta(minutes=30)),),
    overdue_after=timedelta(minutes=45),
)
