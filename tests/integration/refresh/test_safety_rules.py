"""What no step of a refresh may do, whatever else it does."""

from contextlib import suppress

import psycopg

from functions.refresh import RUNBOOK
from infra.local.postgres import PostgresServer
from shared.estate import Environment
from shared.messages import Message
from shared.messages.refresh import DatabaseRestored
from shared.postgres.databases import ProductionRefused
from tests.integration.refresh.conftest import Staging
from tests.integration.refresh.passage import Passage

AFTER_RESTORE = [step.name for step in RUNBOOK.steps[2:]]


def test_no_step_runs_on_production_and_nobody_reaches_the_clone_before_it_is_published(
    passage: Passage, staging: Staging, restored: DatabaseRestored, postgres: PostgresServer
) -> None:
    real = list(passage.resources.estate.environments)
    message: Message = restored
    ran, reached, seen = [], [], set()

    for name in AFTER_RESTORE:
        passage.use_estate([on_production(each) for each in real])
        with suppress(ProductionRefused):
            passage.look(name, message)
            ran.append(name)
        passage.use_estate(real)
        if name != "publish_environment":
            message = passage.do(name, message)
            reached += [name] if can_connect(postgres, restored.database) else []
            seen.add(staging.motto())

    assert AFTER_RESTORE[-1] == "publish_environment"
    assert ran == []
    assert reached == []
    assert seen == {"as it was"}


def on_production(environment: Environment) -> Environment:
    """The environment, if somebody moved its database to production's server by mistake."""
    database = environment.database.model_copy(update={"server": "erp-prod"})
    return environment.model_copy(update={"database": database})


def can_connect(postgres: PostgresServer, database: str) -> bool:
    with suppress(psycopg.OperationalError):
        psycopg.connect(postgres.dsn(database, user="odoo")).close()
        return True
    return False
