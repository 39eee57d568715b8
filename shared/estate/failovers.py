"""How an environment is failed over, and what each tier may expect of that."""

from datetime import timedelta
from typing import Literal

from pydantic import Field

from shared.estate.entry import Duration, EstateModel, Name
from shared.estate.references import SecretReference


class Failover(EstateModel):
    """How an environment is failed over to its standby, and when nobody has to be asked."""

    automatic: bool = False
    """Whether it goes on without a person while all witnesses agree and the expected loss is known
    to be within the objective."""
    unreachable_primary: Literal["allow", "ask"] = "ask"
    """Whether it may promote without a person although the old primary cannot be fenced yet: its
    fence is then ordered, and executed the moment it is back."""
    hold_down: Duration = Field(default=timedelta(seconds=30), ge=timedelta(0))
    """How long the primary must be down without a break before that counts."""
    rto: Duration | None = Field(default=None, gt=timedelta(0))
    """Within which time orders flow again; None takes the tier's."""
    rpo: Duration | None = Field(default=None, ge=timedelta(0))
    """How much may be lost, in time; None takes the tier's."""
    drill_every: Duration | None = Field(default=None, gt=timedelta(0))
    """How often it is to be rehearsed; None takes the tier's."""
    approval: Duration = Field(default=timedelta(minutes=15), gt=timedelta(0))
    """How long a person may take to decide; then it is refused."""
    health_url: str | None = Field(default=None, pattern=r"^https?://\S+$")
    """What the application answers with 200 while it works, its database included
    (``/web/health?db_server_status=1``)."""
    calendar: Name | None = None
    """The calendar whose freezes, month ends and cut-offs people see before a failover. A
    switchover keeps to it, unless its event says why not."""
    redis: SecretReference | None = None
    """Where the URL of the Redis database with the users' sessions is kept; a failover empties it,
    so it must hold nothing else."""


OBJECTIVES = {
    1: (timedelta(hours=1), timedelta(minutes=15)),
    2: (timedelta(hours=4), timedelta(hours=1)),
    3: (timedelta(hours=24), timedelta(hours=24)),
}
"""RTO and RPO of each tier."""


DRILLS = {1: timedelta(days=30), 2: timedelta(days=90), 3: timedelta(days=365)}
"""How often each tier rehearses."""
