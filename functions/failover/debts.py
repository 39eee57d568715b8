"""What the promoted server will lack, recorded while the former one still remembers it."""

from collections.abc import Iterator

from shared.errors import StepError
from shared.ledger import Pair
from shared.ledger.debts import Debts
from shared.runs import Run
from shared.takeover import Takeover


def foreseen(pair: Pair, takeover: Takeover) -> Iterator[str]:
    """What the side that takes over would lack if it were promoted now."""
    server = pair.standby.database.server
    try:
        for debt in takeover.debts(server):
            yield f"not carried over to {server}: {debt.what} ({debt.wanted})"
    except StepError as error:
        yield _unknown(server, error)


def owe(pair: Pair, run: Run, takeover: Takeover, debts: Debts) -> str | None:
    """Record the debts of the side that takes over; says why they could not be found out.

    Nothing waits for that: a promotion is worth more than its debts.
    """
    server = pair.standby.database.server
    try:
        found = takeover.debts(server)
    except StepError as error:
        return _unknown(server, error)
    debts.owe(run.environment, server, found, run=run.id)
    return None


def _unknown(server: str, error: StepError) -> str:
    return f"what {server} lacks could not be found out: {error}"
