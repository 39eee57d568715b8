"""What the ledger forgets, a batch at a time: nothing that is open, nothing that still counts."""

from datetime import timedelta
from typing import Literal, get_args

from shared.ledger.ledger import Ledger

Forgettable = Literal["runs", "events", "parked", "notifications", "evidence"]
KINDS: tuple[Forgettable, ...] = get_args(Forgettable)
"""In the order in which they can go: an event is kept as long as a run of it."""


class Retention:
    """Deletes rows that are old enough."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def forget(self, what: Forgettable, *, older_than: timedelta, limit: int = 200) -> int:
        """Delete a batch in a transaction of its own, oldest first; return how many."""
        with self._ledger.transaction() as tx:
            [(number,)] = tx.all_of(f"forget_{what}", before=tx.now - older_than, limit=limit)
            return int(number)
