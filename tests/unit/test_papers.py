"""The generated files are fresh, the examples are right, and the documents speak of what exists."""

import json
import re
from pathlib import Path

import jsonschema
import pytest
import typer

from functions.runbooks import RUNBOOKS
from infra.local.bus.topology import Topology
from shared.estate import load_estate
from shared.messages import CloudEvent
from shared.runs.intake import Intake
from shared.runs.reading import Received, read_event
from shared.settings import Settings
from signalbox.__main__ import app
from signalbox.generate import EXAMPLES, ROOT, generated_files, stale_files

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
ESTATE = load_estate(ROOT / "infra" / "local" / "estate.yaml")
GENERATED = generated_files()


@pytest.mark.parametrize("path", GENERATED, ids=lambda path: path.name)
def test_a_generated_file_is_up_to_date(path):
    assert path.read_text("utf-8") == GENERATED[path], "run `make generate`"


def test_no_generated_file_is_left_over():
    assert stale_files() == []


def test_the_local_broker_understands_the_topology():
    topology = Topology.read(ROOT / "infra" / "topology.json")

    names = {topic.name for topic in topology.user_config.namespaces[0].topics}
    assert {"platform-events", "refresh", "run-events", "dead-letters"} <= names


def test_every_step_and_undo_has_its_subscription():
    topology = json.loads((ROOT / "infra" / "topology.json").read_text("utf-8"))
    topics = {t["Name"]: t for t in topology["UserConfig"]["Namespaces"][0]["Topics"]}
    for runbook, topic in [(each, topic) for each in RUNBOOKS for topic in each.topics]:
        filters = {
            s["Name"]: s["Rules"][0]["Properties"]["CorrelationFilter"]["Label"]
            for s in topics[topic]["Subscriptions"]
        }
        assert filters == {a.subscription: a.subscription for a in runbook.actions()}


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.json")), ids=lambda path: path.name)
def test_an_example_is_an_event_that_intake_accepts(path):
    event = read_event(Received("", "", "from-a-test", path.read_bytes(), {}))

    jsonschema.validate(event.data, _schema(RUNBOOKS[0].on.__name__))
    assert Intake(RUNBOOKS, ESTATE).understand(event).environments == ("acme-staging",)


def test_the_complete_example_fits_the_schema_of_the_envelope_and_a_wrong_one_does_not():
    example = json.loads((EXAMPLES / "backup-completed.json").read_text("utf-8"))

    jsonschema.validate(example, _schema(CloudEvent.__name__))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(example | {"specversion": "0.3"}, _schema(CloudEvent.__name__))


def _schema(name: str) -> dict[str, object]:
    found: dict[str, object] = json.loads((ROOT / "schemas" / f"{name}.json").read_text("utf-8"))
    return found


def test_every_setting_says_what_it_decides():
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_the_example_settings_have_every_setting_that_has_no_default():
    example = json.loads((ROOT / "local.settings.example.json").read_text("utf-8"))["Values"]

    Settings.model_validate({_field(name): value for name, value in example.items()})


def _field(variable: str) -> str:
    return variable.removeprefix("SIGNALBOX_").lower()


def test_every_setting_is_in_the_operating_manual():
    manual = (ROOT / "docs" / "operating.md").read_text("utf-8")

    names = [
        f.validation_alias or f"SIGNALBOX_{n.upper()}" for n, f in Settings.model_fields.items()
    ]
    assert [name for name in names if f"`{name}`" not in manual] == []


def test_every_command_is_in_the_operating_manual():
    manual = (ROOT / "docs" / "operating.md").read_text("utf-8")

    assert [c for c in _commands() if f"signalbox {c}" not in manual] == []


def _commands() -> list[str]:
    group = typer.main.get_command(app)
    found = []
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        inner = getattr(command, "commands", None)
        found += [f"{name} {each}" for each in inner] if inner else [name]
    return found


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_a_document_names_only_targets_and_commands_that_exist(path):
    text = path.read_text("utf-8")
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    firsts = {command.split()[0] for command in _commands()}

    said = set(re.findall(r"(?:`|^|\$ )make ([a-z]+)", text, re.MULTILINE))
    assert said <= targets
    assert set(re.findall(r"(?:`|^|\$ |bin/)signalbox ([a-z]+)", text, re.MULTILINE)) <= firsts


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_a_document_links_only_to_what_is_there(path):
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", path.read_text("utf-8"))

    assert [link for link in links if not (path.parent / Path(link)).exists()] == []
