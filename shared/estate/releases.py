"""Which images may be released at all, and how an environment takes one."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Literal, Self

from pydantic import Field, model_validator

from shared.estate.azure import Pattern
from shared.estate.deployments import ByImage, Deploy
from shared.estate.entry import Duration, EstateModel, Name


class ReleaseRules(EstateModel):
    """Where a release may come from. Without a repository nothing is released."""

    repositories: tuple[Pattern, ...] = ()
    """Registry and repository: ``acme.azurecr.io/odoo``; ``*`` stands for any text."""
    annotations: Mapping[str, str] = {}
    """What whoever promotes a release must state of it: ``{ signed-by: release-pipeline }``."""
    uncovered: Literal["refuse", "warn"] = "refuse"
    """What becomes of a release with new modules that no masking policy has a verdict on: they
    would stop the next refresh. ``warn`` lets it go, and says so in the run and its evidence."""


class Release(EstateModel):
    """How an environment takes a release."""

    ring: Name
    """The ring that it follows: releases are promoted from ring to ring."""
    calendar: Name | None = None
    """The calendar whose windows it waits for; None: it may be changed at any time."""
    takes: Duration = Field(default=timedelta(minutes=30), ge=timedelta(0))
    """A release does not begin when less than this is left of a window. One that has begun is not
    stopped by its end."""
    container: Name = "odoo"
    """The container of each workload that runs the released image."""
    deploy: Deploy = ByImage()
    """How the image gets to the workloads: written there, or told to who owns them."""
    checkpoint: Literal["none", "database"] = "none"
    """Whether the database is copied inside its server first, to go back to. Everything that uses
    it then stands still until the release is deployed."""
    update: tuple[str, ...] = ()
    """The command that updates Odoo's modules, run as a Job in the released image with the settings
    of the first workload: ``[odoo, -u, all, --stop-after-init]``. Empty: none are updated."""
    health_url: str | None = Field(default=None, pattern=r"^https?://\S+$")
    """What the application answers with 200 once it works again."""

    @model_validator(mode="after")
    def _can_be_undone(self) -> Self:
        if self.update and self.checkpoint == "none":
            raise ValueError(
                "a module update that fails leaves nothing to go back to: state checkpoint: "
                "database, or remove update"
            )
        return self
