"""The facts of the lag agent: how far a standby is behind, and what was done about it."""

from typing import ClassVar

from pydantic import Field

from shared.messages import Event


class LagThresholdBreached(Event):
    """The standby of an environment is too far behind, and has been for a while."""

    type: ClassVar[str] = "lag-threshold-breached"

    seconds: float | None = Field(default=None, ge=0)
    """How far, as whoever published it has measured; it is measured again."""


class LagRecovered(Event):
    """The standby of an environment has caught up."""

    type: ClassVar[str] = "lag-recovered"

    seconds: float | None = Field(default=None, ge=0)
    """How far it is still behind."""
