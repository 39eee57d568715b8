"""What the promoted server will lack, recorded while the former one still remembers it."""

from functions.failover.sides import Pair
from shared.errors import StepError
from shared.ledger.debts import Debts
from shared.runs import Run
from shared.takeover import Takeover


def owe(pair: Pair, run: Run, takeover: Takeover, debts: Debts) -> str | None:
    """Record the debts of the side that takes over; says why they could not be found out.

    Nothing waits for that: a promotion is worth more than its debts.
    """
    server = pair.standby.database.server
    try:
        found = takeover.debts(server)
    except StepError as error:
        return f"what {server} lacks could not be found out: {error}"
    debts.owe(run.environment, server, found, run=run.id)
    return None
