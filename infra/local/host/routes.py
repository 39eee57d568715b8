"""ASP.NET route templates, as far as function apps use them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

CONSTRAINTS: Mapping[str, str] = {
    "": r"[^/]+",
    "int": r"-?\d{1,10}",
    "long": r"-?\d{1,19}",
    "guid": r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
    "alpha": r"[a-zA-Z]+",
}
PARAMETER = re.compile(
    r"\{(?P<all>\*)?(?P<name>[a-zA-Z_]\w*)(?::(?P<kind>\w+))?(?P<optional>\?)?\}"
)


@dataclass(frozen=True)
class Route:
    """A compiled template such as ``runs/{id:int?}``."""

    template: str
    pattern: re.Pattern[str]
    precedence: tuple[int, ...]
    """Lower is tried first: literal segments, then constrained, free, and catch-all ones."""

    @classmethod
    def parse(cls, template: str) -> "Route":
        """Compile a template.

        >>> Route.parse("runs/{id:int?}").match("runs/7")
        {'id': '7'}
        >>> Route.parse("runs/{id:int?}").match("Runs")
        {}
        >>> Route.parse("runs/{id:int?}").match("runs/seven")
        >>> Route.parse("files/{*path}").match("files/a/b.txt")
        {'path': 'a/b.txt'}
        """
        segments = [_segment(segment) for segment in template.strip("/").split("/")]
        expression = "".join(pattern for pattern, _ in segments)
        pattern = re.compile(expression, re.IGNORECASE)
        return cls(template.strip("/"), pattern, tuple(rank for _, rank in segments))

    def match(self, path: str) -> dict[str, str] | None:
        """The parameters in a path, or None when it is not ours. Optional ones may be absent."""
        found = self.pattern.fullmatch("/" + path.strip("/"))
        if found is None:
            return None
        return {name: value for name, value in found.groupdict().items() if value is not None}


def _segment(segment: str) -> tuple[str, int]:
    if "{" not in segment:
        return "/" + re.escape(segment), 0
    parameter = PARAMETER.fullmatch(segment)
    if parameter is None or (parameter["kind"] or "") not in CONSTRAINTS:
        raise ValueError(
            f"route segment {segment!r} is not understood; use {{name}}, {{name?}}, {{*name}} or "
            f"{{name:kind}} with one of {', '.join(filter(None, CONSTRAINTS))}"
        )
    if parameter["all"]:
        return f"(?:/(?P<{parameter['name']}>.*))?", 3
    pattern = f"/(?P<{parameter['name']}>{CONSTRAINTS[parameter['kind'] or '']})"
    return f"(?:{pattern})?" if parameter["optional"] else pattern, 1 if parameter["kind"] else 2
