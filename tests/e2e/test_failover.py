"""A disaster on the whole platform: bus, host, both servers, customers who order all the time."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from infra.local.failover_demo import FailoverDemo, Outage, Return
from infra.local.orders import Ordered
from infra.local.platform import Platform
from shared.ledger import Ledger
from shared.messages import CloudEvent
from shared.messages.failover import FailoverClosed, RecoveryConfirmed
from signalbox.failover import Played, play_disaster
from tests.e2e.site import wait_for

pytestmark = pytest.mark.timeout(240)

Claimed = tuple[FailoverClosed, Outage, Return, RecoveryConfirmed]


class HostDies(FailoverDemo):
    """The demo, but the host is killed while the standby is promoted, and started again."""

    claimed: Claimed
    planned: dict[str, Any]
    refused: str

    def kill_production(self) -> CloudEvent:
        said = cli(
            self._platform, "plan", "region-degraded", "--environment", "acme-prod", "--json"
        )
        self.planned = json.loads(said.stdout)
        self.refused = cli(
            self._platform, "drill", "failover", "--environment", "acme-staging"
        ).stderr
        threading.Thread(target=self._kill_host, daemon=True).start()
        return super().kill_production()

    def _kill_host(self) -> None:
        wait_for(lambda: step_is_at_work(self._platform, "promote_standby"), "the promotion")
        self._platform.kill("host")
        self._platform.restart("host")

    def claims(self, *facts: Any) -> Any:
        self.claimed = facts  # type: ignore[assignment]
        return super().claims(*facts)


def cli(platform: Platform, *words: str) -> subprocess.CompletedProcess[str]:
    """``signalbox`` against a platform that runs."""
    settings = ("--settings", str(platform.settings_file))
    return subprocess.run(
        [sys.executable, "-m", "signalbox", *settings, *words],
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ,
    )


def step_is_at_work(platform: Platform, step: str) -> bool:
    query = "select from steps where name = %s and started_at is not null"
    with psycopg.connect(platform.settings["SIGNALBOX_LEDGER_URL"]) as ledger:
        return ledger.execute(query, [step]).fetchone() is not None


@pytest.fixture(scope="module")
def disaster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[HostDies, Played]]:
    soon = {"SIGNALBOX_LEASE": "PT3S", "SIGNALBOX_REDRIVE_AFTER": "PT2S"}
    folder: Path = tmp_path_factory.mktemp("failover") / "platform"
    with (
        Platform(folder, settings=soon) as platform,
        closing(HostDies(platform)) as play,
        closing(Ledger.connect(platform.settings["SIGNALBOX_LEDGER_URL"])) as ledger,
    ):
        yield play, play_disaster(play, ledger, 100)


def test_orders_flow_again_although_the_host_is_killed_in_mid_failover(
    disaster: tuple[HostDies, Played],
) -> None:
    _, played = disaster

    assert played.true
    assert played.closed is not None
    assert played.closed.took < timedelta(minutes=1)
    assert {each.check for each in played.closed.findings if not each.passed} == set()
    assert played.closed.resumed == (
        "warehouse-scanners",
        "web-shop-orders",
        "edi",
        "outgoing-mail",
    )


def test_a_plan_of_a_healthy_production_says_so_and_changes_nothing(
    disaster: tuple[HostDies, Played],
) -> None:
    planned = disaster[0].planned

    assert planned["verdict"] == "not-confirmed"
    assert planned["facts"]["database"].startswith("healthy: a writable primary")
    assert planned["facts"]["stream"].startswith("healthy: ")
    assert planned["facts"]["lost_bytes_at_most"] is not None
    assert any(step.startswith("set IngressRoute acme-standby/odoo") for step in planned["steps"])


def test_a_drill_needs_a_standby_to_rehearse_with(disaster: tuple[HostDies, Played]) -> None:
    assert "acme-staging has no standby" in disaster[0].refused


def test_every_claim_of_the_demo_can_be_false(disaster: tuple[HostDies, Played]) -> None:
    play, _ = disaster
    closed, outage, returned, confirmed = play.claimed
    long_told = Ordered("LOAD/old", outage.killed_at - timedelta(minutes=1), port=1)
    lies = play.claims(
        closed.model_copy(update={"rto_met": False, "lost_seconds": 0}),
        replace(outage, missing_after=1, lost=(*outage.lost, long_told)),
        replace(returned, taken=1, only_there=frozenset({"LOAD/unheard"})),
        confirmed.model_copy(update={"lost": ()}),
    )

    assert [claim.text for claim in lies if claim.true] == [
        "it follows the new primary now, and has its orders"
    ]
