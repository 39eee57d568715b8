"""What docs/events.md shows can be copied."""

import re
from pathlib import Path

import pytest
import yaml

from functions.runbooks import RUNBOOKS
from shared.estate import Estate, load_estate
from shared.runs.intake import Intake
from shared.runs.reading import Received, read_event
from shared.runs.translation import TRANSLATORS

ROOT = Path(__file__).parents[3]
MANUAL = (ROOT / "docs" / "events.md").read_text("utf-8")
ESTATE = load_estate(ROOT / "infra" / "local" / "estate.yaml")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", MANUAL, re.DOTALL)


@pytest.mark.parametrize("shown", blocks("json"))
def test_every_event_that_is_shown_starts_a_run(shown: str) -> None:
    event = read_event(Received("", "", "m-1", shown.encode(), {}))

    assert Intake(RUNBOOKS, ESTATE).understand(event).environments == ("acme-staging",)


def test_what_is_posted_as_event_grid_starts_a_run() -> None:
    [shown] = blocks("console")
    posted = shown[shown.index("-d '") + 4 : shown.rindex("'")]
    event = read_event(Received("", "", "m-1", posted.encode(), {}))

    assert Intake(RUNBOOKS, ESTATE).understand(event).environments == ("acme-staging",)


def test_the_rules_that_are_shown_fit_an_estate_and_others_do_not() -> None:
    [shown] = map(yaml.safe_load, blocks("yaml"))
    plain = ESTATE.model_dump(by_alias=True)

    assert Estate.model_validate(plain | shown).azure.environments == (
        "acme-staging",
        "acme-prod",
        "acme-prod",
    )
    shown["azure"]["health"][0]["environment"] = "acme-prud"
    with pytest.raises(ValueError, match="there is no environment acme-prud"):
        Estate.model_validate(plain | shown)


def test_every_type_of_azure_that_is_translated_is_in_the_manual() -> None:
    azure = [kind for kind in TRANSLATORS if kind.startswith("Microsoft.")]

    assert [kind for kind in azure if f"`{kind}`" not in MANUAL] == []
