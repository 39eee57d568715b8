"""What the steps on the incoming database have in common: its connection and its facts."""

from collections.abc import Iterator
from contextlib import contextmanager

from functions.refresh.targets import BUDGET, Target, go_on
from shared.estate import Environment, Estate
from shared.masking import MaskingPlan, MaskingProgress, mask_tables
from shared.odoo.clone import Clone
from shared.postgres.databases import Databases
from shared.postgres.marker import Database
from shared.runs import Again, Run, still_mine


@contextmanager
def incoming_clone(databases: Databases, target: Target, run: Run) -> Iterator[Database]:
    """The incoming database, in autocommit; refused unless this run restored it, at this epoch.

    Raises LeaseLost when another attempt has taken over: its session there must not be ended.
    """
    still_mine(run)
    with databases.connect_clone(
        target.server, target.incoming, run_id=str(run.id), epoch=run.epoch
    ) as connection:
        yield connection


def mask_within_budget(
    databases: Databases,
    target: Target,
    run: Run,
    connection: Database,
    plan: MaskingPlan,
    key: bytes,
) -> MaskingProgress | Again:
    """Mask what the plan says, two tables at once, until it is done or the step's time is used."""
    with databases.connect(target.server, target.incoming) as second:
        progress = mask_tables(
            connection,
            plan,
            key,
            run_id=str(run.id),
            epoch=run.epoch,
            budget=BUDGET,
            helpers=(second,),
        )
    if not progress.finished:
        return go_on(run, "mask", progress.done, progress.done + progress.remaining)
    return progress


def clone_of(run: Run, target: Target, estate: Estate, source: str) -> Clone:
    """The clone and the addresses that it gets instead of those of every real environment."""
    return Clone(
        run_id=str(run.id),
        epoch=run.epoch,
        base_url=target.environment.endpoints[0].base_url,
        hostnames=replacements(estate, estate.environment(source), target.environment),
    )


def replacements(estate: Estate, source: Environment, target: Environment) -> dict[str, str]:
    """Each host name of real environments, and the target's that stands for it.

    The source's second endpoint becomes the target's second, as far as there are any; everything
    else leads to the first.
    """
    ours = [endpoint.host for endpoint in target.endpoints]
    foreign = {
        endpoint.host: ours[0]
        for environment in estate.environments
        if environment.environment_class.holds_real_data
        for endpoint in environment.endpoints
    }
    paired = zip((endpoint.host for endpoint in source.endpoints), ours, strict=False)
    return foreign | dict(paired)
