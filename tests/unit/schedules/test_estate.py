"""What an estate may say of schedules and logins, and when a schedule means."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from functions.refresh import concerned
from functions.schedules import concerned as concerned_by_hours
from shared.estate import Estate, UnknownEnvironment, load_estate
from shared.ledger.hours import HoursRecord
from shared.messages import CloudEvent
from shared.messages.refresh import BackupCompleted
from shared.messages.schedules import HoursChanged
from shared.runs.drills import next_drill
from shared.runs.hours import Hours, hours
from shared.runs.sleepers import sleepers_of
from shared.runs.translation import translate

DEMO = load_estate(Path(__file__).parents[3] / "infra" / "local" / "estate.yaml")
SUNDAYS = {
    "name": "sundays",
    "time_zone": "Europe/Berlin",
    "windows": [{"days": ["sunday"], "opens": "02:30", "closes": "06:00"}],
}
FORTNIGHTLY = {
    "name": "s",
    "classes": ["staging"],
    "refresh": {"at": "sundays", "every": "14 days"},
}


def estate(*schedules: dict[str, Any], **rotations: dict[str, Any]) -> Estate:
    plain = DEMO.model_dump(by_alias=True) | {"calendars": [SUNDAYS], "schedules": schedules}
    for each in plain["environments"]:
        each["rotation"] = rotations.get(each["name"].replace("-", "_"))
    return Estate.model_validate(plain)


def staging(found: Estate, now: str, record: HoursRecord | None = None) -> Hours:
    known = record or HoursRecord("acme-staging")
    [sleeper] = [each for each in sleepers_of(found) if each.key == "acme-staging"]
    return hours(found, sleeper, known, utc(now))


def utc(said: str) -> datetime:
    return datetime.fromisoformat(said).replace(tzinfo=UTC)


def test_what_somebody_waited_for_is_awake_at_first_however_late_it_was_opened() -> None:
    found = estate({"name": "s", "classes": ["staging"], "awake": "sundays"})
    [sleeper] = [each for each in sleepers_of(found) if each.key == "acme-staging"]
    lately = replace(sleeper, awake_at_first=utc("2027-03-20 23:00"))
    nothing = HoursRecord("acme-staging")

    before, behind = (
        hours(found, lately, nothing, utc(now)) for now in ("2027-03-20 22:59", "2027-03-20 23:00")
    )

    assert (before.asleep, before.until) == (False, utc("2027-03-20 23:00"))
    assert (behind.asleep, behind.until) == (True, utc("2027-03-21 01:30"))
    ann = replace(nothing, override_asleep=True, override_by="ann")
    assert hours(found, lately, ann, utc("2027-03-20 22:00")).asleep


def test_a_name_that_may_be_one_on_request_is_looked_up_by_the_run() -> None:
    found, event = estate(), HoursChanged(environment="ana-fix")

    assert concerned_by_hours(event, found) == ("ana-fix",)
    with pytest.raises(UnknownEnvironment):
        concerned_by_hours(event, found.model_copy(update={"offers": ()}))


@pytest.mark.parametrize(
    ("schedule", "complaint"),
    [
        ({"classes": ["production"]}, "class production holds real data, which never sleeps"),
        ({"environments": ["acme-standby"]}, "acme-standby holds real data"),
        ({"environments": ["acme-stagin"]}, "there is no environment acme-stagin"),
        ({"awake": "mondays", "classes": ["qa"]}, "there is no calendar mondays"),
        ({"awake": None, "refresh": None, "classes": ["qa"]}, "it says nothing"),
        ({"awake": None, "drill": "mondays", "classes": ["production"]}, "no calendar mondays"),
        ({"awake": None, "drill": "sundays", "classes": ["staging"]}, "only production is drilled"),
        ({"awake": None, "drill": "sundays", "environments": ["acme-standby"]}, "only production"),
        (
            {"environments": ["acme-training"], "refresh": {"at": "sundays"}},
            "acme-training has no refresh_from",
        ),
    ],
)
def test_a_schedule_that_cannot_be_followed_is_refused(
    schedule: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(ValidationError, match=complaint):
        estate({"name": "s", "awake": "sundays"} | schedule)


@pytest.mark.parametrize(
    ("lacking", "complaint"),
    [
        (("environments", 0, "backups"), "acme-prod has no backups to drill with"),
        (("clusters", 1, "drill_image"), "cannot be drilled on cluster aks-northeurope"),
        (("environments", 1, "standby_of"), "acme-prod has no standby to drill with"),
    ],
)
def test_a_drill_that_could_not_be_held_is_refused(
    lacking: tuple[str, int, str], complaint: str
) -> None:
    drilled = {"name": "d", "environments": ["acme-prod"], "drill": "sundays"}
    plain = DEMO.model_dump(by_alias=True) | {"calendars": [SUNDAYS], "schedules": [drilled]}
    assert Estate.model_validate(plain).schedule_of("acme-prod")
    kind, number, field = lacking
    plain[kind][number][field] = None
    for each in plain["environments"]:
        each["refresh_from"] = None

    with pytest.raises(ValidationError, match=complaint):
        Estate.model_validate(plain)


@pytest.mark.parametrize(
    ("due", "now", "expected"),
    [
        (None, "2026-11-23", "2026-11-29 01:30"),
        (None, "2026-11-29 04:59", "2026-11-29 01:30"),
        (None, "2026-11-29 05:00", "2026-12-06 01:30"),
        ("2026-11-20", "2026-11-23", "2026-11-29 01:30"),
        ("2026-12-06 01:30", "2026-11-23", "2026-12-06 01:30"),
        ("2026-12-06 01:29", "2026-11-23", "2026-11-29 01:30"),
        ("2027-01-01", "2026-11-29 06:00", "2026-12-27 01:30"),
    ],
)
def test_a_drill_is_held_at_the_last_opening_before_it_is_due(
    due: str | None, now: str, expected: str
) -> None:
    [sundays] = estate(FORTNIGHTLY).calendars

    assert next_drill(sundays, utc(due) if due else None, utc(now)) == utc(expected)


def test_who_has_two_schedules_is_refused_and_its_own_goes_before_that_of_its_class() -> None:
    own = {"name": "own", "environments": ["acme-staging"], "awake": "sundays"}

    found = estate(FORTNIGHTLY, own).schedule_of("acme-staging")

    assert found is not None
    assert found.name == "own"
    with pytest.raises(ValidationError, match="environment acme-staging has two schedules"):
        estate(own, own | {"name": "another"})


def test_waking_hours_move_with_the_clocks_and_a_person_goes_before_them() -> None:
    found = estate({"name": "s", "classes": ["staging"], "awake": "sundays"})

    winter, summer = staging(found, "2027-03-21 01:29"), staging(found, "2027-07-04 00:30")
    assert (winter.asleep, winter.until) == (True, utc("2027-03-21 01:30"))
    assert (summer.asleep, summer.until) == (False, utc("2027-07-04 04:00"))
    left_out = staging(found, "2027-03-28 00:00")
    assert left_out.until == utc("2027-03-28 01:30")
    ann = HoursRecord(
        "acme-staging", override_asleep=False, override_until=utc("2027-03-21"), override_by="ann"
    )
    assert not staging(found, "2027-03-20 23:59", ann).asleep
    assert staging(found, "2027-03-21 00:00", ann).asleep


def test_every_other_week_is_told_by_the_clocks_also_when_they_change() -> None:
    found = estate(FORTNIGHTLY)
    last = HoursRecord("acme-staging", refreshed_for=utc("2026-10-18 00:30"))

    assert staging(found, "2026-10-19 00:00", last).next_refresh == utc("2026-11-01 01:30")


def test_who_is_refreshed_by_the_clock_is_not_refreshed_by_every_backup() -> None:
    found = estate(FORTNIGHTLY)
    event = BackupCompleted(environment="acme-prod", manifest="backups/x/manifest.json")

    assert concerned(event, DEMO) == ("acme-staging",)
    assert concerned(event, found) == ()
    named = event.model_copy(update={"target": "acme-staging"})
    assert concerned(named, found) == ("acme-staging",)


@pytest.mark.parametrize(
    ("rotations", "complaint"),
    [
        ({"acme_prod": {"secret": "env:URL"}}, "can be written to keyvault"),
        ({"acme_standby": {"every": "30 days"}}, "state it there"),
        (
            {name: {"secret": "keyvault:acme/one"} for name in ("acme_prod", "acme_staging")},
            "keyvault:acme/one has another use",
        ),
    ],
)
def test_a_login_without_a_place_of_its_own_is_refused(
    rotations: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(ValidationError, match=complaint):
        estate(**rotations)


def test_key_vault_announces_the_login_that_the_estate_keeps_there() -> None:
    found = estate(acme_prod={"secret": "keyvault:acme/odoo", "grace": timedelta(hours=1)})
    event = CloudEvent(
        id="1",
        type="Microsoft.KeyVault.SecretNearExpiry",
        data={"VaultName": "acme", "ObjectName": "odoo"},
    )

    translation = translate(event, found)

    assert translation is not None
    assert [(claim.type, claim.environment) for claim in translation.claims] == [
        ("secret-near-expiry", "acme-prod")
    ]
