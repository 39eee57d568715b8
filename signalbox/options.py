"""Options that several commands have."""

import re
from datetime import timedelta
from typing import Annotated

import typer

from signalbox.errors import Unusable

AsJson = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]
Limit = Annotated[int, typer.Option(min=1, max=500)]

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def length_of(text: str) -> timedelta:
    """A length of time as people write it, or as the estate does.

    >>> length_of("3d") == length_of("72 hours")
    True

    Raises Unusable.
    """
    units = "|".join(f"{short}|{long}?" for short, long in _UNITS.items())
    said = re.fullmatch(rf"(\d{{1,5}}) ?({units})", text)
    if said is None:
        raise Unusable(f"{text!r} is no length of time: write 90 minutes, 12h, 3d or 2 weeks")
    return timedelta(**{_UNITS[said[2][0]]: int(said[1])})
