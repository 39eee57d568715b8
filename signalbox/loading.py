"""Commands whose modules are imported when they are used: the SDKs behind some of them take longer
to import than other commands need in all."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:
    from shared.runs.runbook import Runbook

MODULES = {
    "up": "platform",
    "demo": "platform",
    "reset": "platform",
    "generate": "platform",
    "trigger": "trigger",
    "runs": "runs",
    "evidence": "evidence",
    "events": "events",
    "approvals": "approvals",
    "parked": "parked",
    "plan": "rehearsal",
    "drill": "rehearsal",
    "filestore": "filestore",
    "schedule": "schedule",
    "status": "status",
    "environment": "environment",
    "estate": "estate",
    "mask": "mask",
    "debts": "debts",
    "doctor": "doctor",
}
"""The module in this package whose ``app`` is a command or has it."""


def every_runbook() -> tuple["Runbook", ...]:
    """All runbooks: with them come all agents, which most commands do without."""
    runbooks: tuple[Runbook, ...] = import_module("functions.runbooks").RUNBOOKS
    return runbooks


class Commands(Mapping[str, Any]):
    """The commands of ``MODULES`` by name."""

    def __getitem__(self, name: str) -> Any:
        app: typer.Typer = import_module(f"signalbox.{MODULES[name]}").app
        command = typer.main.get_command(app)
        command = getattr(command, "commands", {}).get(name, command)
        # Completion is the whole program's.
        command.params = [each for each in command.params if "completion" not in str(each.name)]
        command.name = name
        return command

    def __iter__(self) -> Iterator[str]:
        return iter(MODULES)

    def __len__(self) -> int:
        return len(MODULES)


class LoadedWhenUsed(TyperGroup):
    """The program's commands."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.commands = Commands()  # type: ignore[assignment]  # only ever read
