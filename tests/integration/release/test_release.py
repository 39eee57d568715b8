"""The release agent from the event to the verdict, and back again."""

import sys
from datetime import UTC, datetime

from infra.local.furnish import IMAGE
from tests.integration.release.conftest import FAILING_UPDATE, NEW, UPDATE

OPENS = datetime(2026, 11, 24, 21, tzinfo=UTC)
BEFORE = {"odoo": (IMAGE, 1), "odoo-cron": (IMAGE, 1)}
AFTER = {"odoo": (NEW, 1), "odoo-cron": (NEW, 1)}


def updating(script: str) -> dict[str, object]:
    return {"checkpoint": "database", "update": (sys.executable, "-c", script)}


def test_a_release_is_checkpointed_deployed_updated_and_verified(agent_with, staging):
    agent = agent_with(**updating(UPDATE))

    agent.promote()

    assert agent.deliver_to_the_end() == "succeeded", agent.reason
    assert agent.workloads() == AFTER
    assert staging.was_updated()
    copy = agent.facts("checkpoint_environment")["database"]
    assert staging.names() == ["acme_staging", copy]
    assert agent.cluster.job("acme-staging", f"signalbox-update-{agent.run.hex[:8]}") is None


def test_a_module_update_that_fails_leaves_everything_as_it_was(agent_with, staging):
    agent = agent_with(**updating(FAILING_UPDATE))
    before = staging.digest()

    agent.promote()

    assert agent.deliver_to_the_end() == "failed"
    assert "exit code 3" in agent.reason
    assert staging.digest() == before
    assert staging.names() == ["acme_staging"]
    assert agent.workloads() == BEFORE
    assert agent.record["run"].get("left_behind", []) in ([], None)
