"""What every entry of the estate file is made of."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints


def _duration(value: object) -> object:
    """Read ``90 minutes``, ``12 hours`` or ``3 days``; leave the rest to pydantic (``P3D``)."""
    said = (
        re.fullmatch(r"(\d+) (second|minute|hour|day)s?", value) if isinstance(value, str) else None
    )
    return timedelta(**{f"{said[2]}s": int(said[1])}) if said else value


Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]
"""A lower-case name of letters, digits and dashes, as Kubernetes allows for names."""

DatabaseName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]{0,62}$")]
"""A PostgreSQL identifier of at most 63 bytes that needs no surprise quoting."""

HostName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$")]
"""A lower-case DNS name without scheme, port or path."""

Container = Annotated[str, StringConstraints(pattern=r"^[a-z0-9](-?[a-z0-9]){2,62}$")]
"""A blob container's name as Azure allows it."""


Duration = Annotated[timedelta, BeforeValidator(_duration)]
"""A length of time: ``5 seconds``, ``90 minutes``, ``12 hours``, ``3 days``, or ISO 8601."""


Subscription = Annotated[
    str, StringConstraints(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
]
"""A subscription's id."""

ResourceGroup = Annotated[str, StringConstraints(pattern=r"^[-\w.()]{1,90}$")]
"""A resource group's name."""


class EstateModel(BaseModel):
    """Immutable; an unknown field is an error, because it would silently do nothing."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        populate_by_name=True,
        use_attribute_docstrings=True,
        hide_input_in_errors=True,
    )
