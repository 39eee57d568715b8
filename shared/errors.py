"""How a step says that it failed.

    StepError
    +-- TemporaryError(delay)   the same call may work later: try again
    +-- PermanentError          it never will: fail the run and tell someone

Concrete errors live beside the code that raises them and are named for the situation. Any other
exception is a bug or an outage: it is retried like a TemporaryError.
"""

from datetime import timedelta


class StepError(Exception):
    """Base of every failure that a step raises on purpose."""


class TemporaryError(StepError):
    """The same call may work later, after ``delay`` if one is given."""

    def __init__(self, message: str, *, delay: timedelta | None = None) -> None:
        super().__init__(message)
        self.delay = delay


class PermanentError(StepError):
    """Trying again cannot help."""


class StaleEpoch(PermanentError):
    """A newer run has changed this; this one must stop."""
