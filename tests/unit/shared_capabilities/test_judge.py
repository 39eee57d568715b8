"""What is known of an environment, and what a business can do with it therefore."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from shared.capabilities import CHECKS, NEEDS, Capability, Known, judge
from shared.estate import Certificate, Service, load_estate
from shared.estate.rotations import Rotation
from shared.ledger import Placement
from shared.ledger.certificates import CertificateSeen
from shared.ledger.logins import LoginRecord
from shared.ledger.overview import EnvironmentNow, NewestLag
from shared.ledger.workloads import State, Verification, WorkloadSeen

ESTATE = load_estate(Path(__file__).parents[3] / "infra" / "local" / "estate.yaml")
PRODUCTION = ESTATE.environment("acme-prod")
AT = datetime(2026, 11, 22, tzinfo=UTC)
RUN = UUID(int=1)
QUIET = EnvironmentNow(
    environment="acme-prod",
    epoch=1,
    held_by=None,
    held_for=None,
    held_step=None,
    waiting=0,
    last_run=RUN,
    last_runbook="release",
    last_status="succeeded",
    last_ended_at=AT,
    refreshed_by=None,
    refreshed_at=None,
    checkpoint=None,
    verified_by=None,
    verified_at=None,
    verified_manifest=None,
)
LAG = NewestLag("acme-prod", AT, 0, 0.2, 0.1, None)
KEPT = PRODUCTION.model_copy(
    update={
        "rotation": Rotation(every=timedelta(days=90)),
        "certificate": Certificate(keyvault="acme/erp"),
    }
)
LOGIN = LoginRecord("acme-prod", "login_a", AT - timedelta(days=89), "owner", AT, AT)
CERTIFICATE = CertificateSeen("acme-prod", AT + timedelta(days=22), AT, None)
SILENT = replace(CERTIFICATE, seen_at=AT - timedelta(days=1), reason="timed out")
WELL = Known(
    at=AT,
    environment=KEPT,
    integrations=PRODUCTION.integrations,
    now=QUIET,
    workloads={
        (each.kind, each.name): WorkloadSeen("acme-prod", each.kind, each.name, "ready")
        for each in ESTATE.workloads_of(PRODUCTION)
    },
    verification=Verification("acme-prod", RUN, AT, []),
    lag=LAG,
    login=LOGIN,
    certificate=CERTIFICATE,
    backup_age=timedelta(days=1),
    backup_may_be=timedelta(days=7),
)
ELSEWHERE = Placement("acme-prod", "acme-standby", 2, RUN, AT, "fenced", True, True, None)


def verdicts(known: Known) -> dict[str, str]:
    return {each.capability: each.verdict for each in judge(known)}


def reasons(known: Known) -> str:
    return " | ".join(each.because for each in judge(known))


def seen(name: str, state: State) -> Known:
    """Well, but for one workload."""
    found = {
        key: replace(each, state=state) if each.name == name else each
        for key, each in WELL.workloads.items()
    }
    return replace(WELL, workloads=found)


def found(check: str) -> Known:
    """Well, but for one check."""
    finding = {"check": check, "passed": False, "detail": "3 are wrong"}
    return replace(WELL, verification=Verification("acme-prod", RUN, AT, [finding]))


def test_what_is_seen_to_be_well_works_and_needs_no_reason() -> None:
    assert verdicts(WELL) == dict.fromkeys(Capability, "working")
    assert reasons(WELL).strip("| ") == ""


@pytest.mark.parametrize(
    ("known", "broken"),
    [
        (seen("odoo", "starting"), {"order capture", "warehouse", "invoicing"}),
        (seen("odoo-cron", "stopped"), {"invoicing", "integrations"}),
        (seen("shop-orders", "stopped"), {"order capture", "warehouse", "integrations"}),
        (seen("edi", "stopped"), {"warehouse", "integrations"}),
        (seen("mailer", "stopped"), {"invoicing", "integrations"}),
        (found("sequences-ahead"), {"order capture"}),
        (found("stock-matches-moves"), {"warehouse"}),
        (found("posted-entries-balance"), {"invoicing"}),
    ],
)
def test_what_fails_breaks_what_needs_it_and_nothing_else(known: Known, broken: set[str]) -> None:
    said = verdicts(known)

    assert {name for name, verdict in said.items() if verdict == "broken"} == broken
    assert set(said.values()) <= {"broken", "working"}


@pytest.mark.parametrize(
    ("known", "said"),
    [
        (replace(WELL, lag=replace(LAG, seconds=1000.0)), "the standby is 1000 s behind"),
        (replace(WELL, lag=replace(LAG, seconds=None, silent="x")), "the lag is not known"),
        (replace(WELL, backup_age=timedelta(days=8)), "no backup was restored"),
        (replace(WELL, backup_age=None), "no backup was restored"),
        (replace(WELL, now=replace(QUIET, last_status="failed")), "the last release failed"),
        (replace(WELL, login=replace(LOGIN, rotated_at=AT - timedelta(days=91))), "exchanged by"),
        (
            replace(WELL, certificate=replace(CERTIFICATE, ends_at=AT + timedelta(days=20))),
            "the certificate ends at 2026-12-12 00:00 UTC and is not renewed",
        ),
        (replace(WELL, certificate=SILENT), "no certificate is seen: timed out"),
        (replace(WELL, parked=2), "2 of its events are parked"),
        (replace(WELL, debts=2), "a failover left 2 things to be repaired"),
    ],
)
def test_what_protects_less_than_promised_puts_everything_at_risk(known: Known, said: str) -> None:
    assert set(verdicts(known).values()) == {"at risk"}
    assert said in reasons(known)


def test_what_nobody_looked_at_is_unknown_and_never_working() -> None:
    unseen = replace(WELL, workloads={}, lag=replace(LAG, seconds=1000.0))
    unchecked = replace(WELL, verification=None, backup_age=None, backup_may_be=None)

    assert set(verdicts(unseen).values()) == {"unknown"}
    assert verdicts(unchecked) | {"integrations": "unknown"} == dict.fromkeys(Capability, "unknown")
    assert verdicts(unchecked)["integrations"] == "working"


def test_what_is_known_to_be_broken_is_said_although_other_things_are_unknown() -> None:
    known = replace(seen("odoo", "starting"), verification=None, backup_age=None)

    assert verdicts(known)["order capture"] == "broken"


def test_a_backup_that_was_restored_and_found_whole_speaks_for_production() -> None:
    assert set(verdicts(replace(WELL, verification=None)).values()) == {"working"}


def test_who_sleeps_or_serves_nobody_is_idle() -> None:
    assert set(verdicts(replace(WELL, placement=ELSEWHERE)).values()) == {"idle"}
    assert verdicts(seen("odoo", "asleep"))["warehouse"] == "idle"


def test_an_environment_is_not_asked_for_what_it_does_not_have() -> None:
    plain = ESTATE.environment("acme-training")
    alone = replace(WELL, environment=plain, integrations=(), lag=None, backup_may_be=None)

    assert Capability.INTEGRATIONS not in verdicts(alone)


def test_the_mapping_asks_for_signs_that_there_are() -> None:
    known = {"application", "scheduled-actions", *Service, *CHECKS}

    assert {sign for signs in NEEDS.values() for sign in signs} == known
    assert set(NEEDS) == set(Capability)
