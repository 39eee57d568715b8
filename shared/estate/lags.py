"""When a standby is too far behind, and what its environment may do without meanwhile."""

from datetime import timedelta

from pydantic import Field

from shared.estate.entry import Duration, EstateModel, Name


class ScaledDown(EstateModel):
    """A workload that makes do with fewer pods for a while."""

    workload: Name
    """A Deployment or StatefulSet among the environment's workloads or integrations."""
    replicas: int = Field(ge=0)
    """How many pods it has while the load is eased."""


class Easing(EstateModel):
    """What a production environment may do without while its standby catches up."""

    suspend: tuple[Name, ...] = ()
    """CronJobs in its namespace that are suspended."""
    scale: tuple[ScaledDown, ...] = ()
    """Workloads in its namespace that get fewer pods."""
    pause: tuple[Name, ...] = ()
    """Environments without real data, on the same Kubernetes cluster or server, that sleep
    meanwhile."""


class LagLimits(EstateModel):
    """When a standby is too far behind, and when it has caught up."""

    threshold: Duration | None = Field(default=None, gt=timedelta(0))
    """Further behind than this is too far; None takes a third of the RPO."""
    recovered_below: Duration | None = Field(default=None, gt=timedelta(0))
    """Within this it has caught up; None takes half of the threshold."""
    sustained: Duration = Field(default=timedelta(seconds=30), gt=timedelta(0))
    """For how long either must be so before it counts."""
    patience: Duration = Field(
        default=timedelta(minutes=15), gt=timedelta(0), le=timedelta(hours=12)
    )
    """How long the eased load may help before people are told that it does not."""
    easing: Easing = Easing()
    """What is done about it."""
