"""See that the environment is one of ours, and that its time is over or somebody wants it gone."""

from collections.abc import Callable
from datetime import datetime

from shared.errors import PermanentError
from shared.ledger.environments import EnvironmentsOnRequest
from shared.messages.environments import EnvironmentExpired, RemovalConfirmed
from shared.runs import Run


class NotExpired(PermanentError):
    """Somebody has let the environment live on since its end was announced."""


def confirm_removal(
    event: EnvironmentExpired,
    *,
    run: Run,
    on_request: EnvironmentsOnRequest,
    clock: Callable[[], datetime],
) -> RemovalConfirmed:
    """From here on it counts as closing, and cannot be extended.

    Safe to repeat: it sets what it has read.

    Raises UnknownOnRequest, NotExpired.
    """
    found = on_request.named(run.environment)
    if event.removed_by is None and found.status == "open" and found.expires_at > clock():
        raise NotExpired(
            f"{found.name} lives until {found.expires_at:%F %T} UTC: say who has it removed before"
        )
    on_request.closing(found.id)
    return RemovalConfirmed(id=found.id, removed_by=event.removed_by, expired_at=found.expires_at)
