"""Have promoted servers get back what the promotion did not carry over, and remind of the rest."""

from collections.abc import Sequence
from functools import partial
from itertools import groupby

import structlog

from shared.arm import AzureBusy
from shared.errors import StepError
from shared.estate import Estate, RunByAzure
from shared.ledger import Placements, Transaction
from shared.ledger.debts import Debts, OpenDebt
from shared.messages.announcements import DebtsOwed
from shared.postgres.promotion_debts import PromotionDebt, owed
from shared.postgres.server_settings import ServerSettings
from shared.runs import Runner
from shared.runs.commands import remind
from shared.takeover import Takeover

log = structlog.get_logger()


def settle_debts(debts: Debts, estate: Estate, placements: Placements, takeover: Takeover) -> None:
    """Look at every open debt, and order one repair per server where the estate lets us.

    Safe to repeat: what is paid is closed, an order that Azure works on is refused as busy.
    """
    for server, group in groupby(debts.open(), key=lambda debt: debt.server):
        try:
            _settle(server, list(group), debts, estate, placements, takeover)
        except StepError as error:
            log.warning("debts_not_settled", server=server, reason=str(error))


def announce_owed(debts: Debts, runner: Runner) -> None:
    """Remind of every debt that is open, server by server, once a day."""
    for (environment, server), left in groupby(
        debts.open(), key=lambda debt: (debt.environment, debt.server)
    ):
        runner.commit(partial(_remind, environment, server, list(left)))


def _settle(
    server: str,
    open_debts: Sequence[OpenDebt],
    debts: Debts,
    estate: Estate,
    placements: Placements,
    takeover: Takeover,
) -> None:
    """Leaves everything alone while a failover is at work."""
    placement = placements.of(open_debts[0].environment)
    settings = takeover.settings(server)
    if not placement.finished:
        return
    if settings is None or estate.environment(placement.active_side).database.server != server:
        for debt in open_debts:
            debts.close(debt, "moot")
        return
    run_by = estate.server(server).run_by
    may_repair = isinstance(run_by, RunByAzure) and run_by.repair
    _look(settings, open_debts, debts, may_repair=may_repair)


def _look(
    settings: ServerSettings, open_debts: Sequence[OpenDebt], debts: Debts, *, may_repair: bool
) -> None:
    try:
        facts = settings.facts()
    except StepError as error:
        for debt in open_debts:
            debts.seen(debt, None, str(error))
        return
    wanted = {(debt.kind, debt.what): debt.wanted for debt in open_debts}
    left = {(each.kind, each.what): each for each in owed(wanted, facts)}
    for debt in open_debts:
        found = left.get((debt.kind, debt.what))
        if found is None:
            debts.close(debt, "paid")
            log.info("debt_paid", server=debt.server, what=debt.what)
            continue
        problem, ordered = _repair(settings, found) if may_repair else (None, False)
        debts.seen(debt, found, problem)
        may_repair = may_repair and not ordered


def _repair(settings: ServerSettings, debt: PromotionDebt) -> tuple[str | None, bool]:
    """Why it could not be ordered, and whether Azure is at work now: it takes one order a time."""
    if not debt.repairable:
        return None, False
    try:
        settings.repair(debt)
    except AzureBusy:
        return None, True
    except StepError as error:
        return f"could not be repaired: {error}", False
    log.info("repair_ordered", what=debt.what, wanted=debt.wanted)
    return None, True


def _remind(environment: str, server: str, left: Sequence[OpenDebt], tx: Transaction) -> None:
    said = DebtsOwed(
        environment=environment,
        server=server,
        debts=tuple(
            "; ".join(filter(None, (f"{debt.what}: {debt.repair}", debt.problem))) for debt in left
        ),
        since=min(debt.opened_at for debt in left),
        at=tx.now,
    )
    remind(tx, said, f"{server}:{tx.now:%F}")
