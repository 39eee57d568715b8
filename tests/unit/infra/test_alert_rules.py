"""Alert rules ask for what is exported, and Bicep deploys each of them whole."""

import json
import re
from pathlib import Path

import pytest

from shared.telemetry import alerts
from shared.telemetry.alerts import RULES, Rule, alert_rules
from shared.telemetry.metrics import METRICS

FOLDER = Path(__file__).parents[3] / "infra" / "azure"
GAUGES = {metric.name for metric in METRICS if metric.kind == "gauge"}


def test_every_rule_asks_for_a_metric_that_is_exported() -> None:
    assert [rule.name for rule in RULES if rule.metric not in GAUGES] == []
    assert len({rule.name for rule in RULES}) == len(RULES)


def test_a_rule_for_a_metric_that_nobody_exports_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(alerts, "RULES", (Rule("odd", "signalbox_moods", 1, 2, "Odd."),))

    with pytest.raises(KeyError, match="signalbox_moods"):
        alert_rules()


def test_bicep_reads_every_field_of_the_generated_rules_and_no_other() -> None:
    [*rules] = json.loads((FOLDER / "alert-rules.json").read_text("utf-8"))
    text = (FOLDER / "alerts.bicep").read_text("utf-8")

    assert {key for rule in rules for key in rule} == set(re.findall(r"each\.(\w+)", text))
    assert "= [for each in rules: {" in text
    assert {len(rule["dimensions"]) for rule in rules} == {0, 1, 2}


def test_silence_is_an_alert_of_its_own() -> None:
    [silent] = [rule for rule in alert_rules() if rule["name"] == "upkeep-silent"]

    assert (silent["aggregation"], silent["operator"], silent["threshold"]) == (
        "Count",
        "LessThan",
        1,
    )
    assert silent["measure"] == []
