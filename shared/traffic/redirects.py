"""What a redirection changes, and how: the same for whatever leads users or Odoo somewhere."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from shared.errors import PermanentError, StaleEpoch
from shared.messages.failover import EndpointChange

EPOCH = "signalbox-epoch"
"""The tag or metadata that says whose run has written a resource last."""


class RuleUnfit(PermanentError):
    """What the estate says of how users are led is not what Azure has."""


@dataclass(frozen=True)
class Redirect:
    """Settings of one object that have to change, and how they are written."""

    changes: tuple[EndpointChange, ...]
    write: Callable[[int], object]
    """Takes the epoch."""
    pending: str | None = None
    """What was ordered and is not done yet."""


def refuse_older(place: str, labels: Mapping[str, str], epoch: int) -> None:
    """Raise StaleEpoch when the labels of a resource name a newer epoch."""
    theirs = int(labels.get(EPOCH, "0"))
    if theirs > epoch:
        raise StaleEpoch(f"{place} belongs to epoch {theirs}; this run has {epoch} and must stop")
