"""What travels on the bus: events, step commands, announcements, and the facts that steps hand on.

One module per agent; every message a model, every model a file in ``schemas/``.
"""

from datetime import datetime
from typing import Any, ClassVar, Literal, Self, TypeVar
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator, model_validator

M = TypeVar("M", bound="Message")

ENVIRONMENT = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"
"""What an environment's name looks like; whether there is one, the estate says."""

MAX_IDENTITY_BYTES = 1_500
"""Of a CloudEvent; PostgreSQL indexes keys of up to 2,700 bytes."""


class Message(BaseModel):
    """Facts, stated once. Fields are only ever added, with defaults: two versions of the code run
    side by side during a deployment."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    def become(self, kind: type[M], **facts: Any) -> M:
        """The next message of a chain: these facts and some more."""
        return kind.model_validate(dict(self) | facts)


class Event(Message):
    """The data of a CloudEvent on ``platform-events``: something happened to an environment."""

    type: ClassVar[str]
    """How the event is called on the wire."""
    of_the_estate: ClassVar[bool] = True
    """Whether its environment has to be one of the estate's."""
    environment: str = Field(pattern=ENVIRONMENT)
    """The environment it happened to, by its name in the estate."""


class Command(Message):
    """Do a step of a run. All the rest is in the ledger, so a lost command can be written again."""

    run: UUID
    step: str
    attempt: int = Field(default=1, ge=1)
    """The attempt it was written for; the ledger decides which one it becomes."""
    copy_number: int = Field(default=0, ge=0)
    """How often this command was put off while another attempt held the lease."""


class CloudEvent(BaseModel):
    """The CloudEvents 1.0 envelope in structured mode (https://github.com/cloudevents/spec).

    What a hand-typed event may leave out has a default; ``id`` is then the bus's message id.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    specversion: Literal["1.0"] = "1.0"
    id: str = Field(min_length=1)
    """Together with ``source`` the identity of the event: the same pair is the same event."""
    source: str = Field(default="/manual", min_length=1)
    type: str = Field(min_length=1)
    subject: str | None = None
    time: AwareDatetime | None = None
    datacontenttype: Literal["application/json"] = "application/json"
    traceparent: str | None = None
    """W3C trace context: a run is one trace, from the event that started it."""
    data: dict[str, Any]

    @field_validator("id", "source", "type", "subject")
    @classmethod
    def _can_be_shown(cls, text: str | None) -> str | None:
        """Control characters are not CloudEvents, and would act on the terminal of who looks."""
        if text is not None and not text.isprintable():
            raise ValueError("there are characters that cannot be shown: remove them")
        return text

    @model_validator(mode="after")
    def _identity_fits_an_index(self) -> Self:
        if len(self.source.encode()) + len(self.id.encode()) > MAX_IDENTITY_BYTES:
            raise ValueError(f"source and id have more than {MAX_IDENTITY_BYTES:,} bytes together")
        return self

    @classmethod
    def of(
        cls, event: Event, *, id: str, source: str, time: datetime, traceparent: str | None = None
    ) -> Self:
        """Wrap an event for publication."""
        return cls(
            id=id,
            source=source,
            type=event.type,
            subject=event.environment,
            time=time,
            traceparent=traceparent,
            data=event.model_dump(mode="json"),
        )
