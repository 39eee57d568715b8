"""What Azure's own events and alerts mean here: rules from what Azure names to environments."""

from typing import Annotated

from pydantic import StringConstraints

from shared.estate.entry import EstateModel, Name
from shared.estate.references import SecretReference

Pattern = Annotated[str, StringConstraints(min_length=1, max_length=500)]
"""A name in which ``*`` stands for any text; upper and lower case are the same."""

EventType = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,62}$")]
"""The type of one of Signalbox's own events, such as ``region-degraded``."""


class ImageRule(EstateModel):
    """An image that, when pushed, is a release for an environment."""

    repository: Pattern
    """The repository in the container registry."""
    tag: Pattern = "*"
    """The tags that the environment follows."""
    environment: Name
    """The environment that takes such a release."""


class HealthRule(EstateModel):
    """A resource whose failure concerns an environment."""

    resource: Pattern
    """The resource's Azure id."""
    environment: Name
    """The environment that runs on it."""


class AlertRule(EstateModel):
    """What an alert of Azure Monitor says about an environment."""

    rule: Pattern
    """The alert rule's name in Azure Monitor."""
    target: Pattern = "*"
    """The Azure id of the resource that the alert is about."""
    environment: Name
    """The environment concerned."""
    fired: EventType
    """The event that it stands for when it fires."""
    resolved: EventType | None = None
    """The event that it stands for when it is resolved; none when left out."""


class AzureRules(EstateModel):
    """Without rules Azure's events and alerts are recorded and ignored.

    Backups and secrets need none: the environments and servers say where theirs are.
    """

    images: tuple[ImageRule, ...] = ()
    """Releases."""
    health: tuple[HealthRule, ...] = ()
    """Resources whose failure is a witness' word for ``region-degraded``."""
    alerts: tuple[AlertRule, ...] = ()
    """Alerts of Azure Monitor."""
    alert_secret: SecretReference | None = None
    """What relays of alerts send in the header ``x-signalbox-secret``."""

    @property
    def environments(self) -> tuple[str, ...]:
        """Every environment that a rule names."""
        rules: tuple[ImageRule | HealthRule | AlertRule, ...]
        rules = (*self.images, *self.health, *self.alerts)
        return tuple(rule.environment for rule in rules)
