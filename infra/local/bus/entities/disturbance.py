"""Bad luck on purpose: what a test can do to one queue or subscription."""

from dataclasses import dataclass
from random import Random


@dataclass(slots=True)
class Disturbance:
    """Applies to messages that arrive from now on; ``order`` to every delivery."""

    doubled: int = 0
    """How many further messages arrive twice."""
    delayed: int = 0
    """How many further messages arrive late."""
    delay: int = 0
    """By how many milliseconds they are late."""
    order: Random | None = None
    """Picks the next message instead of the lowest sequence number."""

    def copies(self) -> int:
        if self.doubled == 0:
            return 1
        self.doubled -= 1
        return 2

    def lateness(self) -> int:
        if self.delayed == 0:
            return 0
        self.delayed -= 1
        return self.delay
