"""``signalbox schedule`` from its command line down."""

import json
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from infra.local.bus import Broker
from shared.runs.hours import NoRefreshScheduled
from signalbox.errors import Unusable
from signalbox.schedule import app
from tests.integration.schedules.conftest import PLACE, Agent

ROOT = Path(__file__).parents[3]
Type = Callable[..., str]


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    """A bus of its own: what is left on it would start runs at a host that another test starts."""
    with Broker(None, ROOT / "infra" / "topology.json") as broker:
        yield broker


@pytest.fixture
def type_(agent: Agent, broker: Broker) -> Type:
    session = SimpleNamespace(
        estate=agent.estate,
        ledger=lambda: nullcontext(agent.ledger),
        settings=SimpleNamespace(bus=broker.connection_string),
    )

    def type_(*words: str) -> str:
        answer = CliRunner().invoke(app, words, obj=lambda: session)
        if answer.exception:
            raise answer.exception
        return answer.output

    return type_


def test_who_is_asleep_is_shown_woken_and_left_to_its_schedule(agent: Agent, type_: Type) -> None:
    agent.go_to("2026-11-23 19:00")
    agent.settle()
    [shown] = json.loads(type_("show", "--json"))
    assert (shown["environment"], shown["asleep"]) == (PLACE, True)
    assert shown["until"] == "2026-11-24T06:00:00+00:00"

    said = type_("wake", PLACE, "--until", "2099-01-01T00:00:00", "--reason", "a demo")
    assert said == f"{PLACE} wakes, and is awake until 2099-01-01 00:00 UTC\n"
    assert "waking" in type_("show", PLACE)
    assert "goes to sleep until 2026-11-24 06:00 UTC" in type_("sleep", PLACE)
    assert type_("follow", PLACE) == f"{PLACE} follows its schedule\n"
    assert type_("skip", PLACE) == f"{PLACE} is not refreshed at 2026-11-28 02:00 UTC\n"


def test_what_cannot_be_is_said(agent: Agent, type_: Type) -> None:
    for words in (
        ("wake", PLACE, "--for", "soon"),
        ("wake", PLACE, "--for", "1 hour", "--until", "2099-01-01T00:00:00"),
        ("sleep", PLACE, "--until", "2020-01-01T00:00:00"),
        ("refresh", "acme-training"),
    ):
        with pytest.raises(Unusable):
            type_(*words)
    with pytest.raises(NoRefreshScheduled):
        type_("skip", "acme-training")
