"""What the estate and an event may say of releases."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from functions.release import RUNBOOK
from shared.estate import EstateInvalid, load_estate
from shared.messages import CloudEvent
from shared.messages.release import ReleasePromoted
from shared.runs.translation import translate

ESTATE = Path(__file__).parents[3] / "infra" / "local" / "estate.yaml"
DIGEST = f"sha256:{'0' * 64}"
STAGING = "    checkpoint_keep: 3 days\n"


@pytest.fixture
def spoiled(tmp_path: Path) -> Callable[[str, str], Path]:
    """The demo's estate with more at its end, and more in staging."""

    def write(staging: str, end: str = "") -> Path:
        text = ESTATE.read_text("utf-8")
        assert STAGING in text
        path = tmp_path / "estate.yaml"
        path.write_text(text.replace(STAGING, f"{STAGING}    {staging}\n") + end)
        return path

    return write


@pytest.mark.parametrize("action", RUNBOOK.actions(), ids=lambda action: action.name)
def test_every_step_says_why_it_is_safe_to_repeat(action):
    assert "Safe to repeat: " in (action.handler.__doc__ or "")


@pytest.mark.parametrize("image", ["odoo:18.0", "acme/odoo", f"{DIGEST}", f"odoo:18@{DIGEST} "])
def test_an_image_without_a_digest_is_no_release(image):
    with pytest.raises(ValidationError, match="image"):
        ReleasePromoted(environment="e", release="r", image=image)


def test_modules_and_annotations_can_be_typed_as_text():
    typed = ReleasePromoted(
        environment="e",
        release="r",
        image=f"acme/odoo@{DIGEST}",
        modules="acme_loyalty, acme_scanners",
        annotations="signed-by=pipeline,scanned=yes",
    )

    assert typed.modules == ("acme_loyalty", "acme_scanners")
    assert typed.annotations == {"signed-by": "pipeline", "scanned": "yes"}
    assert ReleasePromoted.model_validate(typed.model_dump(mode="json")) == typed


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ("repository: 'git@forge:fleet.git'", "write https://host/fleet.git, .* ssh://git@host/fl"),
        ("repository: 'https://ann:word@forge/fleet.git'", "without a user or a password"),
        ("repository: 'ssh://git@forge/fleet.git', key: env:KEY", "needs key and host_keys"),
        ("repository: 'https://forge/fleet.git', key: env:KEY", "whose URL is ssh://git@"),
    ],
)
def test_a_repository_that_could_not_be_reached_safely_is_refused(spoiled, facts, said):
    path = spoiled(f"release: {{ ring: e, deploy: {{ kind: git, path: a.yaml, {facts} }} }}")

    with pytest.raises(EstateInvalid, match=said) as refused:
        load_estate(path)

    assert "ann:word" not in str(refused.value)


def test_an_update_that_could_not_be_undone_is_refused(spoiled):
    path = spoiled("release: { ring: early, update: [odoo, -u, all] }")

    with pytest.raises(EstateInvalid, match=r"acme-staging: release.*state checkpoint"):
        load_estate(path)


@pytest.mark.parametrize(
    "stated", ["release: { ring: early, calendar: nights }", "failover: { calendar: nights }"]
)
def test_a_calendar_that_is_not_there_is_refused(spoiled, stated):
    path = spoiled(stated)

    with pytest.raises(EstateInvalid, match="there is no calendar nights"):
        load_estate(path)


def test_the_database_of_a_standby_is_not_updated(tmp_path):
    text = ESTATE.read_text("utf-8").replace(
        "    standby_of: acme-prod\n",
        "    standby_of: acme-prod\n    release: { ring: early, checkpoint: database }\n",
    )
    path = tmp_path / "estate.yaml"
    path.write_text(text)

    with pytest.raises(EstateInvalid, match="a standby's database is production's"):
        load_estate(path)


def test_a_calendar_of_a_file_is_read_and_a_bare_time_refused(spoiled):
    window = "windows: [{{ days: [friday], opens: {}, closes: '23:00' }}]"
    calendar = "\ncalendars: [{{ name: nights, time_zone: Europe/Berlin, {} }}]\n"
    following = "release: { ring: early, calendar: nights }"

    estate = load_estate(spoiled(following, calendar.format(window.format("'22:00'"))))
    assert estate.calendar("nights").windows[0].opens.hour == 22

    with pytest.raises(EstateInvalid, match=r'calendar nights: .*in quotes: "22:00"'):
        load_estate(spoiled(following, calendar.format(window.format("22:00"))))


def test_an_image_that_is_pushed_is_promoted_by_its_digest(spoiled):
    rules = 'azure: { images: [{ repository: odoo, tag: "18*", environment: acme-staging }] }\n'
    estate = load_estate(spoiled("release: { ring: early }", rules))
    target = {"repository": "odoo", "tag": "18.0-1", "digest": DIGEST}
    pushed = {"target": target, "request": {"host": "acme.azurecr.io"}}
    event = CloudEvent(id="1", type="Microsoft.ContainerRegistry.ImagePushed", data=pushed)

    [claim] = translate(event, estate).claims

    promoted = ReleasePromoted.model_validate(claim.data)
    assert promoted.image == f"acme.azurecr.io/odoo@{DIGEST}"
    assert (promoted.environment, promoted.release) == ("acme-staging", "18.0-1")
