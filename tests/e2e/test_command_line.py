"""Every command explains itself."""

from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from signalbox.__main__ import app


def commands(command: Any, *words: str) -> Iterator[tuple[str, ...]]:
    yield words
    for name, sub in getattr(command, "commands", {}).items():
        yield from commands(sub, *words, name)


ALL = tuple(commands(typer.main.get_command(app)))


def test_the_commands_are_those_that_the_documentation_speaks_of() -> None:
    assert {words[0] for words in ALL if words} == {
        *(
            "up",
            "demo",
            "reset",
            "generate",
            "trigger",
            "runs",
            "evidence",
            "events",
            "approvals",
            "parked",
            "plan",
            "drill",
            "filestore",
            "schedule",
            "status",
            "environment",
            "estate",
            "mask",
            "debts",
            "doctor",
        ),
    }
    assert ("trigger", "backup-completed") in ALL


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_a_command_says_how_it_is_used_and_what_it_does(words: tuple[str, ...]) -> None:
    answer = CliRunner().invoke(app, [*words, "--help"])
    usage, purpose, *_ = filter(None, (line.strip() for line in answer.stdout.splitlines()))

    assert answer.exit_code == 0
    assert usage.startswith("Usage: ")
    assert purpose[0].isupper()
    assert ("completion" in answer.stdout) == (words == ())
