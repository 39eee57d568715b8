"""The facts of environments on request: what was asked for, made, and removed again."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from shared.messages import Event, Message

NAME = r"^[a-z]([a-z0-9-]{0,28}[a-z0-9])?$"
"""What an environment on request can be called."""


class EnvironmentRequested(Event):
    """Somebody wants an environment of their own for a while."""

    type: ClassVar[str] = "environment-requested"
    of_the_estate: ClassVar[bool] = False

    environment: str = Field(pattern=NAME, examples=["ana-fix"])
    """What it shall be called: up to 30 letters, digits and dashes."""
    offer: str = Field(min_length=1, max_length=63, examples=["qa-small"])
    """Which of the estate's offers."""
    hours: float = Field(gt=0, le=24 * 90, examples=[72])
    """How long it shall live."""
    requested_by: str = Field(
        default="unknown", pattern=r"^\S(.{0,198}\S)?$", examples=["ana@acme.example"]
    )
    """Who asks."""


class EnvironmentExpired(Event):
    """The time of an environment on request is over, or nobody needs it any more."""

    type: ClassVar[str] = "environment-expired"
    of_the_estate: ClassVar[bool] = False

    environment: str = Field(pattern=NAME, examples=["ana-fix"])
    """What it is called."""
    removed_by: str | None = Field(default=None, pattern=r"^\S(.{0,198}\S)?$")
    """Who has it removed; left out, its time has to be over."""


class EnvironmentAccepted(Message):
    """The environment may be made: its name is free and taken for it, and a copy is certified."""

    offer: str
    requested_by: str
    expires_at: datetime


class CloneMade(EnvironmentAccepted):
    """There is a database that nobody can reach, and it is what was certified."""

    certified: str
    """The certified copy that it was cloned from."""
    certified_run: str
    """The refresh that made and proved that."""
    certificate_sha256: str
    seconds: float
    """How long it took to clone."""


class CloneAdapted(CloneMade):
    """The clone has its own identity, address and owner."""

    objects: int
    """How many tables and other objects were given to its own role."""


class NamespaceMade(CloneAdapted):
    """There is a namespace with limits, and everything in it stands still."""

    namespace: str


class CloneFilesCopied(NamespaceMade):
    """It has every file that its database refers to."""

    files: int
    bytes: int


class CloneVerified(CloneFilesCopied):
    """Every check of safety passed on exactly what people are about to get."""

    checks: int


class EnvironmentOpened(CloneVerified):
    """People can work with it."""

    url: str
    opened_at: datetime


class RemovalConfirmed(Message):
    """It is to go, and it is one that we made."""

    id: UUID
    """The run that made it."""
    removed_by: str | None
    """None: its time was over."""
    expired_at: datetime
    """When its time was or would have been over."""


class NamespaceRemoved(RemovalConfirmed):
    """Its workloads, routes and secrets are gone."""


class CloneDropped(NamespaceRemoved):
    """Its database and its role are gone."""

    databases: int
    """How many there were, checkpoints included."""


class CloneFilesRemoved(CloneDropped):
    """Its files are gone."""

    files: int


class EnvironmentRemoved(CloneFilesRemoved):
    """Nothing of it is left."""

    looked_for: tuple[str, ...]
    """Everything that was looked for and not found."""
