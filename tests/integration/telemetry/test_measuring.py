"""Every metric of the table is measured, and says what the ledger and the estate say."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from shared.estate import load_estate
from shared.estate.rotations import Rotation
from shared.ledger import FailoverHistory, Ledger
from shared.telemetry.measuring import readings
from shared.telemetry.metrics import METRICS

DEMO = load_estate(Path(__file__).parents[3] / "infra" / "local" / "estate.yaml")
ROTATED = {"rotation": Rotation(every=timedelta(days=40))}
ESTATE = DEMO.model_copy(
    update={"environments": tuple(e.model_copy(update=ROTATED) for e in DEMO.environments)}
)
NOW = datetime(2026, 11, 22, tzinfo=UTC)
DAY = Path(__file__).with_name("day.sql").read_text("utf-8")


@pytest.fixture
def ledger(empty_ledger: str) -> Ledger:
    ledger = Ledger.connect(empty_ledger)
    ledger.clock = lambda: NOW
    ledger.counts()
    with psycopg.connect(empty_ledger) as conn:
        conn.execute(DAY.encode())
    FailoverHistory(ledger).record_drill(
        uuid4(),
        "acme-prod",
        source="a test",
        passed=False,
        facts={"took": "PT30M", "rto": "PT1H", "lost_seconds": 0.4},
    )
    with psycopg.connect(empty_ledger) as conn:
        conn.execute(
            "insert into drills values (%s, 'acme-prod', '2026-11-07', 'a test', true, '{}')",
            [uuid4()],
        )
    return ledger


def test_every_metric_is_measured_and_right(ledger: Ledger) -> None:
    found = list(readings(ledger, ESTATE))
    ledger.close()

    said = {(each.metric, *each.labels.values()): each.value for each in found}
    lag = 450 / (15 * 60)
    expected = {
        ("signalbox_parked",): 1,
        ("signalbox_runs_overdue",): 1,
        ("signalbox_runs_active", "refresh", "running"): 1,
        ("signalbox_run_seconds", "refresh", "succeeded"): 86_400,
        ("signalbox_oldest_unsent_seconds",): 120,
        ("signalbox_approvals_waiting",): 1,
        ("signalbox_oldest_approval_seconds",): 3600,
        ("signalbox_oldest_evidence_seconds",): 600,
        ("signalbox_data_age_seconds", "acme-staging"): 2 * 86_400,
        ("signalbox_data_age_share", "acme-staging"): pytest.approx(2 / 7),
        ("signalbox_backup_verified_age_share", "acme-prod"): pytest.approx(2 / 7),
        ("signalbox_lag_share", "acme-prod"): pytest.approx(lag),
        ("signalbox_lag_unknown", "acme-prod"): 0,
        ("signalbox_recovery_share", "acme-prod"): 0.5,
        ("signalbox_recovery_loss_seconds", "acme-prod"): 0.4,
        ("signalbox_drill_failed", "acme-prod"): 1,
        ("signalbox_drill_age_share", "acme-prod"): 0.5,
        ("signalbox_debts", "acme-prod"): 1,
        ("signalbox_login_age_share", "acme-prod"): 0.25,
    }
    assert {key: said.get(key) for key in expected} == expected
    assert {each.metric for each in found} == {metric.name for metric in METRICS}


def test_what_is_not_known_is_left_out(ledger: Ledger) -> None:
    ledger.clock = lambda: NOW + timedelta(days=1)
    with ledger.transaction() as tx:
        tx.do(
            "insert_lag_sample",
            environment="acme-prod",
            at=tx.now,
            primary=None,
            standby=None,
            bytes=None,
            seconds=None,
            transactions=None,
            replay_seconds=None,
            silent="acme-prod: connection refused",
        )

    said = {(each.metric, *each.labels.values()): each.value for each in readings(ledger, ESTATE)}
    ledger.close()

    assert said["signalbox_lag_unknown", "acme-prod"] == 1
    assert ("signalbox_lag_share", "acme-prod") not in said
    assert ("signalbox_data_age_seconds", "acme-training") not in said
