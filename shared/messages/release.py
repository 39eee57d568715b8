"""The facts of the release agent: what is to run, what ran before, and how that went."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field

from shared.messages import ENVIRONMENT, Event, Message

IMAGE = r"^[a-z0-9][a-z0-9._:/-]*@sha256:[0-9a-f]{64}$"
"""An image by its digest: a tag can be moved to another image after it was promoted."""


def _listed(value: object) -> object:
    """Text, as people type it: ``acme_loyalty,acme_scanners``."""
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


def _paired(value: object) -> object:
    """Text, as people type it: ``signed-by=release-pipeline,scanned=yes``."""
    if not isinstance(value, str):
        return value
    pairs = (part.partition("=") for part in value.split(","))
    return {name.strip(): said.strip() for name, _, said in pairs}


class ReleasePromoted(Event):
    """An image is to run in an environment, or in every environment of a ring."""

    type: ClassVar[str] = "release-promoted"

    image: str = Field(
        pattern=IMAGE, max_length=500, examples=[f"acme.azurecr.io/odoo@sha256:{'0' * 64}"]
    )
    """Registry, repository and digest: ``acme.azurecr.io/odoo@sha256:...``, never a tag."""
    release: str = Field(min_length=1, max_length=200, examples=["18.0-20261122"])
    """What people call it."""
    ring: str | None = Field(default=None, pattern=ENVIRONMENT)
    """Every environment that follows this ring; ``environment`` alone when left out."""
    modules: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ()
    """Odoo modules that are new in it, by their technical names; as text, with commas between."""
    annotations: Annotated[Mapping[str, str], BeforeValidator(_paired)] = {}
    """What its publisher states of it; as text ``signed-by=pipeline``, with commas between."""


class ReleaseAccepted(Message):
    """The image may run in the environment, as far as can be said beforehand."""

    image: str
    release: str
    uncovered: tuple[str, ...] = ()
    """New modules that will stop the next refresh, each with a verdict to propose."""


class WindowReached(ReleaseAccepted):
    """The environment may be changed now."""

    allowed_by: str
    """The window, or who approved a release outside of one."""
    reasons: tuple[str, ...] = ()
    """What they gave as reasons."""


class WorkloadState(Message):
    """What a workload runs, and how often."""

    kind: str
    name: str
    image: str
    replicas: int
    """How many pods are wanted; a CronJob that may run counts as one."""


class EnvironmentCheckpointed(WindowReached):
    """What there is to go back to is known and kept."""

    workloads: tuple[WorkloadState, ...]
    """As they were."""
    config_sha256: str
    """Of the configuration as it was; a release does not change it."""
    failing: tuple[str, ...]
    """Checks that failed before already, which this release is not blamed for."""
    database: str | None
    """The copy of the database, if the estate wants one."""


class ReleaseDeployed(EnvironmentCheckpointed):
    """Every workload of the environment is to run the image."""


class ModulesUpdated(ReleaseDeployed):
    """Odoo's modules are those of the image."""

    updated: bool
    """False when the estate names no command for that."""


class RolloutCompleted(ModulesUpdated):
    """Every pod that is wanted runs the image and is ready."""

    ready_at: datetime


class ReleaseVerified(RolloutCompleted):
    """Odoo works, and its data is no worse than before."""

    checks: int
    tried_login: str | None = None
    """What came of trying to log in; None: the estate names no login."""
