"""What Azure forgets at a promotion: owed, repaired, reminded of, until it is there again."""

from collections.abc import Iterator
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml

from functions.failover.debts import foreseen, owe
from functions.upkeep.debts import announce_owed, settle_debts
from shared.cluster import Clusters
from shared.estate import Estate, Reference
from shared.ledger import Ledger, Pair, Placements
from shared.ledger.debts import Debts
from shared.runs import Run, Runner
from shared.runs.outbox import Outbox
from shared.takeover import Takeover
from tests.integration.failover_postgres.arm import SUBSCRIPTION, Arm
from tests.keepingbus import KeepingBus

ESTATE = Path(__file__).parents[3] / "infra" / "local" / "estate.yaml"
RUN = UUID(int=1)
PRODUCTION, FORMER, SUCCESSOR = "acme-prod", "erp-prod", "erp-standby"
PROTECTED = {
    "highAvailability": {"mode": "ZoneRedundant"},
    "authConfig": {"activeDirectoryAuth": "Enabled"},
    "backup": {"geoRedundantBackup": "Enabled", "backupRetentionDays": 35},
}
ADMINISTRATORS = {"0-1-2": {"principalType": "Group", "principalName": "erp admins"}}
PARAMETERS = {"pgbouncer.enabled": "true", "work_mem": "65536"}


class Promoted:
    """Production on a server of Azure's that was a replica a moment ago."""

    def __init__(self, ledger: Ledger, arm: Arm, *, repair: bool) -> None:
        self.arm = arm
        self.ledger = ledger
        self.bus = KeepingBus()
        self.debts = Debts(ledger)
        self.placements = Placements(ledger)
        self.estate = _estate(repair=repair)
        self.takeover = Takeover(
            self.estate, _nowhere, Clusters(self.estate), lambda _: arm.client()
        )
        production, standby = map(self.estate.environment, (PRODUCTION, "acme-standby"))
        self.pair = Pair(production, production, standby)
        self.run = Run(RUN, PRODUCTION, 1, "promote_standby", 1, {}, lambda: True)
        post = Outbox(ledger, self.bus).post
        self.runner = Runner(ledger, post, self, beating=lambda _: nullcontext())
        arm.add(FORMER, "Primary", **PROTECTED)
        arm.add(SUCCESSOR, "Primary")
        arm.parameters[FORMER] = dict(PARAMETERS)
        arm.administrators[FORMER] = dict(ADMINISTRATORS)
        self.serve_from("acme-standby", epoch=1)
        self.owe()

    def serve_from(self, side: str, *, epoch: int) -> None:
        self.placements.take(PRODUCTION, side, epoch=epoch, run=RUN, standby_state="fenced")
        self.placements.finish(PRODUCTION, epoch=epoch, standby_state="fenced")

    def owe(self) -> None:
        assert owe(self.pair, self.run, self.takeover, self.debts) is None

    def settle(self, *, times: int = 1) -> dict[str, str | None]:
        """Look so often; what is open then, with its problem."""
        for _ in range(times):
            settle_debts(self.debts, self.estate, self.placements, self.takeover)
        return {debt.what: debt.problem for debt in self.debts.open()}

    def reminders(self) -> list[str]:
        """The ids of what was ever said, with what there is to say now."""
        announce_owed(self.debts, self.runner)
        return [each.id for each in self.bus.sent if each.subject == "debts-owed"]


def _estate(*, repair: bool) -> Estate:
    described = yaml.safe_load(ESTATE.read_text())
    for server in described["servers"][:2]:
        place = {"subscription": SUBSCRIPTION, "resource_group": "erp", "resource": server["name"]}
        server["run_by"] = {"kind": "flexible-server", "repair": repair} | place
    return Estate.model_validate(described)


def _nowhere(reference: Reference) -> str:
    return f"postgresql://admin@{reference.place.lower()}/postgres"


@pytest.fixture
def arm() -> Iterator[Arm]:
    with Arm() as arm:
        yield arm


@pytest.fixture
def ledger(empty_ledger: str) -> Iterator[Ledger]:
    ledger = Ledger.connect(empty_ledger, connections=2)
    yield ledger
    ledger.close()


def test_what_the_estate_lets_us_repair_is_ordered_one_by_one_until_it_is_there(
    ledger: Ledger, arm: Arm
) -> None:
    promoted = Promoted(ledger, arm, repair=True)
    arm.static = {"work_mem"}
    owed = {(debt.kind, debt.what) for debt in promoted.debts.open()}

    after_one = promoted.settle()
    ordered = list(arm.ordered)
    left = promoted.settle(times=8)

    assert owed == {
        ("high-availability", "high availability"),
        ("entra-login", "Microsoft Entra authentication"),
        ("entra-administrator", "0-1-2"),
        ("geo-backup", "geo-redundant backup"),
        ("backup", "days of backups"),
        ("pgbouncer", "pgbouncer.enabled"),
        ("parameters", "work_mem"),
    }
    assert (len(after_one), ordered) == (7, ["highAvailability"])
    assert left == {"geo-redundant backup": None, "work_mem": None}
    [_, restart] = promoted.debts.open()
    assert restart.found == "65536, after a restart"
    assert restart.repair.startswith("restart erp-standby in a quiet hour")
    assert len(arm.ordered) == 6
    assert arm.administrators[SUCCESSOR] == ADMINISTRATORS
    assert len(promoted.reminders()) == 1


def test_without_leave_nothing_is_repaired_and_people_are_reminded_every_day(
    ledger: Ledger, arm: Arm
) -> None:
    promoted = Promoted(ledger, arm, repair=False)
    now = ledger.clock

    promoted.settle(times=2)
    today = promoted.reminders()
    ledger.clock = lambda: now() + timedelta(days=1)
    tomorrow = promoted.reminders()
    arm.servers[SUCCESSOR]["properties"] |= PROTECTED
    arm.parameters[SUCCESSOR] = dict(PARAMETERS)
    left = promoted.settle()

    assert arm.ordered == []
    assert (len(today), len(set(tomorrow))) == (1, 2)
    assert left == {"0-1-2": None}


def test_what_is_open_keeps_what_was_wanted_first_and_no_debt_is_opened_twice(
    ledger: Ledger, arm: Arm
) -> None:
    promoted = Promoted(ledger, arm, repair=False)
    arm.servers[FORMER]["properties"]["highAvailability"] = {"mode": "SameZone"}

    promoted.owe()
    plan = [*foreseen(promoted.pair, promoted.takeover)]
    arm.refuse_with = 503
    unknown = owe(promoted.pair, promoted.run, promoted.takeover, promoted.debts)

    wanted = {debt.what: debt.wanted for debt in promoted.debts.open()}
    assert len(wanted) == len(promoted.debts.open()) == 7
    assert wanted["high availability"] == "ZoneRedundant"
    assert len(plan) == 7
    assert plan[0] == "not carried over to erp-standby: high availability (SameZone)"
    assert [*foreseen(promoted.pair, promoted.takeover)] == [unknown]
    assert unknown is not None
    assert unknown.startswith("what erp-standby lacks could not be found out: Azure's management")


@pytest.mark.parametrize(
    ("status", "problem"),
    [(403, "Azure refuses: HTTP 403"), (503, "Azure's management plane gave no answer")],
)
def test_what_azure_does_not_let_us_see_is_said_with_the_debt(
    ledger: Ledger, arm: Arm, status: int, problem: str
) -> None:
    promoted = Promoted(ledger, arm, repair=True)
    arm.refuse_with = status

    left = promoted.settle()

    assert len(left) == 7
    assert all(each and each.startswith(problem) for each in left.values())


def test_an_order_that_meets_another_is_given_at_a_later_look(ledger: Ledger, arm: Arm) -> None:
    promoted = Promoted(ledger, arm, repair=True)
    arm.refuse_with = 409

    left = promoted.settle()

    assert set(left.values()) == {None}
    assert arm.ordered == []


def test_nothing_is_touched_during_a_failover_and_nothing_is_owed_behind_the_way_home(
    ledger: Ledger, arm: Arm
) -> None:
    promoted = Promoted(ledger, arm, repair=True)
    take: dict[str, Any] = {"run": RUN, "standby_state": "fenced"}
    promoted.placements.take(PRODUCTION, PRODUCTION, epoch=2, **take)

    during = promoted.settle()
    promoted.placements.finish(PRODUCTION, epoch=2, standby_state="streaming")
    home = promoted.settle()

    assert (len(during), home, arm.ordered) == (7, {}, [])
