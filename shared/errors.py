"""How a step says that it failed.

    StepError
    +-- TemporaryError(delay)   the same call may work later: try again
    +-- PermanentError          it never will: fail the run and tell someone

Concrete errors live beside the code that raises them and are named for the situation. Any other
exception is a bug or an outage: it is retried like a TemporaryError.
"""

from datetime import timedelta
from itertools import islice

from pydantic import ValidationError

MAX_PROBLEMS = 10
"""Of a message or a document, that are told; the others are counted."""


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


def explain(error: ValidationError) -> str:
    """What does not fit, without the values, which may be secrets."""
    problems = error.errors(include_input=False, include_url=False)
    more = [f"and {len(problems) - MAX_PROBLEMS:,} more"] if len(problems) > MAX_PROBLEMS else []
    told = (f"{'.'.join(map(str, e['loc'])) or 'message'}: {e['msg']}" for e in problems)
    return "; ".join([*islice(told, MAX_PROBLEMS), *more])
