"""A module that nobody has called quiet stops everything before anything is changed."""

from datetime import timedelta

import pytest

from shared.masking import CoverageGap, MaskingPolicy, load_policy, mask_tables, plan_masking
from shared.postgres.marker import Database

from .conftest import CLONE, KEY

UNKNOWN = "insert into ir_module_module (name, state) values ('acme_connector', 'installed')"
RULE = {
    "modules": ["acme_connector"],
    "verdict": "neutralized",
    "changes": [{"tables": ["acme_endpoint"], "values": {"active": False}}],
    "why": "Calls the forwarder.",
}


def with_rule(**more: object) -> MaskingPolicy:
    own = MaskingPolicy.model_validate({"version": 1, "modules": [RULE | more]})
    return own.followed_by(load_policy())


def test_an_installed_module_without_a_verdict_stops_the_run(clone: Database) -> None:
    clone.execute(UNKNOWN)
    before = clone.execute("select name from res_partner order by id").fetchall()
    plan = plan_masking(clone, load_policy())

    with pytest.raises(CoverageGap, match=r"module acme_connector: no verdict; proposed: quiet"):
        mask_tables(
            clone, plan, KEY, run_id=CLONE.run_id, epoch=CLONE.epoch, budget=timedelta(minutes=1)
        )

    assert clone.execute("select name from res_partner order by id").fetchall() == before


def test_a_module_that_is_not_installed_needs_no_verdict(clone: Database) -> None:
    clone.execute(UNKNOWN.replace("'installed'", "'uninstalled'"))

    plan = plan_masking(clone, load_policy())

    assert plan.gaps == ()
    assert "acme_connector" not in plan.verdicts
    assert plan.verdicts["mail"] == "neutralized"
    assert plan.verdicts["crm"] == "quiet"


def test_a_rule_for_tables_that_are_not_there_is_no_verdict(clone: Database) -> None:
    clone.execute(UNKNOWN)

    missing = plan_masking(clone, with_rule()).gaps
    clone.execute("create table acme_endpoint (id serial primary key, active boolean)")
    present = plan_masking(clone, with_rule())

    assert ["finds none" in str(gap) for gap in missing] == [True]
    assert present.gaps == ()
    assert present.verdicts["acme_connector"] == "neutralized"
