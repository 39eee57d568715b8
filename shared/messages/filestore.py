"""The facts of the filestore agent."""

from typing import ClassVar

from pydantic import Field

from shared.messages import ENVIRONMENT, Event, Message


class FilestoreSyncRequested(Event):
    """An environment's filestore is to have every file that its database refers to."""

    type: ClassVar[str] = "filestore-sync-requested"

    source: str = Field(pattern=ENVIRONMENT, examples=["acme-prod"])
    """The environment from whose filestore files are brought."""


class FilestoreSynced(Message):
    """Every file that the database refers to is there, and is what its name says."""

    source: str
    files: int
    bytes: int
    """As the database has them."""
    copied: int
    copied_bytes: int
