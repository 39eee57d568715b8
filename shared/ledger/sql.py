"""SQL lives in ``.sql`` files beside the code: named queries, and numbered migrations."""

import re
from importlib import resources
from typing import LiteralString

_HEADER = re.compile(r"^-- ([a-z_]+)\n(?:-- .*\n)*", re.MULTILINE)


def load_queries(package: str, filename: str = "queries.sql") -> dict[str, LiteralString]:
    """The queries of one file by name: ``-- name`` on a line of its own starts one.

    >>> "lock_step" in load_queries("shared.ledger")
    True
    """
    _, *parts = _HEADER.split((resources.files(package) / filename).read_text(encoding="utf-8"))
    return {
        name: text.strip().rstrip(";") for name, text in zip(parts[::2], parts[1::2], strict=True)
    }


def load_migrations(package: str) -> dict[int, LiteralString]:
    """The migrations by number, ascending: ``migrations/0001_what_it_does.sql``."""
    files = (resources.files(package) / "migrations").iterdir()
    return {
        int(file.name[:4]): file.read_text(encoding="utf-8")
        for file in sorted(files, key=lambda file: file.name)
        if file.name.endswith(".sql")
    }
