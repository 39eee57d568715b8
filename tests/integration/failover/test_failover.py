"""From a dead primary to orders on the new one."""

import psycopg
import pytest

from tests.integration.failover.pair import World


def test_a_dead_primary_is_failed_over(world: World) -> None:
    world.measure()
    world.primary.kill()

    run = world.fail_over()

    assert world.status(run) == "succeeded"
    world.order(world.standby, "after")


def test_an_old_primary_that_returns_is_shut_by_the_standing_order(world: World) -> None:
    world.measure()
    world.primary.kill()
    world.fail_over()

    world.primary.start()
    world.upkeep()

    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        world.order(world.primary, "S-split-brain")
