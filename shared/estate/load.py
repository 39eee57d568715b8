"""Reading the estate file, with errors for the person who wrote it."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from shared.errors import PermanentError
from shared.estate.estate import Estate

SINGULAR = {
    "regions": "region",
    "clusters": "cluster",
    "servers": "server",
    "environments": "environment",
    "calendars": "calendar",
    "schedules": "schedule",
    "offers": "offer",
}


class EstateInvalid(PermanentError):
    """The estate file cannot be used; the message lists every problem with its line."""


def load_estate(path: Path) -> Estate:
    """Read and check an estate file; raises EstateInvalid, which names line, entry and remedy."""
    try:
        text = path.read_text()
    except OSError as error:
        raise EstateInvalid(f"The estate file {path} cannot be read: {error.strerror}.") from error
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        # Not chained: YAML's own message quotes the file, which may wrongly hold a secret.
        raise EstateInvalid(f"The estate file {path} is not YAML: {_place(error)}.") from None
    try:
        return Estate.model_validate(content)
    except ValidationError as error:
        problems = [line for each in error.errors() for line in _explain(each, root, content)]
        raise EstateInvalid("\n".join([f"The estate file {path} is wrong:", *problems])) from None


def _place(error: yaml.YAMLError) -> str:
    mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
    return f"line {mark.line + 1}, column {mark.column + 1}" if mark else "no place is known"


def _explain(error: ErrorDetails, root: yaml.Node | None, content: object) -> Iterator[str]:
    """Turn one error of pydantic into lines like ``line 7: environment qa: tier: ...``."""
    location = error["loc"]
    message = error["msg"].removeprefix("Value error, ")
    if not location:
        yield from (f"- {line}" for line in message.splitlines())
        return
    place = ": ".join(filter(None, (_entry(location, content), _field(location))))
    yield f"- line {_line(root, location)}: {place}: {message}"


def _entry(location: Sequence[int | str], content: object) -> str:
    """Name the entry that a location points into: ``environment acme-staging``."""
    match location, content:
        case [str(section), int(index), *_], dict() if section in SINGULAR:
            entry = content[section][index]
            name = entry.get("name") if isinstance(entry, dict) else None
            return f"{SINGULAR[section]} {name or f'number {index + 1}'}"
        case _:
            return ""


def _field(location: Sequence[int | str]) -> str:
    inside = len(location) > 1 and location[0] in SINGULAR
    return ".".join(str(part) for part in (location[2:] if inside else location))


def _line(node: yaml.Node | None, location: Sequence[int | str]) -> int:
    """Return the line of the innermost part of a location that is in the file."""
    line = 1
    for part in location:
        node = _child(node, part)
        if node is None:
            break
        line = node.start_mark.line + 1
    return line


def _child(node: yaml.Node | None, part: int | str) -> yaml.Node | None:
    match node, part:
        case yaml.MappingNode(), str():
            return next((value for key, value in node.value if key.value == part), None)
        case yaml.SequenceNode(), int() if part < len(node.value):
            found: yaml.Node = node.value[part]
            return found
        case _:
            return None
