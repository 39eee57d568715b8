"""What a step says to the world while its run goes on, beyond its own end."""

from typing import Any

from shared.ledger import Ledger, Transaction
from shared.messages.announcements import RunAnnouncement
from shared.runs.commands import announce
from shared.runs.outbox import Post, commit
from shared.runs.runbook import Run


class Announcing:
    """The resource; each kind of announcement is made once by a step, however often it is tried."""

    def __init__(self, ledger: Ledger, post: Post) -> None:
        self._ledger = ledger
        self._post = post

    def say(self, run: Run, kind: type[RunAnnouncement], **facts: Any) -> None:
        """Announce on ``run-events``; nothing is said by an attempt whose step is over."""

        def say(tx: Transaction) -> None:
            step = tx.lock_step(run.id, run.step)
            if step is not None and step.status == "ready":
                announce(tx, kind, step.run, f"{run.step}:{kind.type}", **facts)

        commit(self._ledger, self._post, say)
