"""The reference of the command line, written from the commands themselves."""

import inspect
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import typer

COMMON = {"--help", "--install-completion", "--show-completion"}
"""Options that every group has."""

ROOT = Path(__file__).parents[1]
HEAD = """# The command line

Written from the commands by `make generate`; `signalbox COMMAND --help` says the same. What to do
when is in [operating.md](operating.md). Your shell completes words after
`signalbox --install-completion`.
"""


def command_manual() -> str:
    """Every command with its arguments and options, as Markdown."""
    app = import_module("signalbox.__main__").app  # which imports us when it is run
    program = typer.main.get_command(app)
    return "\n".join([HEAD, *_options(program), *_commands(program, ()), ""])


def _commands(command: Any, path: tuple[str, ...]) -> Iterator[str]:
    inner = getattr(command, "commands", {})
    if path:
        yield f"\n## signalbox {' '.join(path)}\n"
        yield f"{_text(command.help)}\n"
    if path and (not inner or command.params):
        yield from _options(command)
    for name in inner:
        yield from _commands(inner[name], (*path, name))


def _text(help: str | None) -> str:
    """The help as it was written, with its example as code."""
    lines = inspect.cleandoc(help or "").splitlines()
    return "\n".join(
        f"`{line.removeprefix('Example: ')}`" if line.startswith("Example: ") else line
        for line in lines
    )


def _options(command: Any) -> Iterator[str]:
    shown = [each for each in command.params if not COMMON.intersection(each.opts)]
    if not shown:
        return
    yield "| | |\n| --- | --- |"
    for each in shown:
        argument = each.param_type_name == "argument"
        name = (each.name or "").upper() if argument else ", ".join(each.opts)
        yield f"| `{name}` | {_meaning(each)} |"


def _meaning(parameter: Any) -> str:
    said = [(parameter.help or "").rstrip(".")] if getattr(parameter, "help", None) else []
    said += ["required"] if parameter.required else []
    if parameter.default not in (None, False) and not callable(parameter.default):
        said.append(f"default {str(parameter.default).replace(f'{ROOT}/', '')}")
    return "; ".join(said).replace("|", "\\|").replace("``", "`")
