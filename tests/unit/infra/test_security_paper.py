"""The threat model names tests that exist."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_every_test_that_the_threat_model_names_exists() -> None:
    paper = (ROOT / "docs" / "security.md").read_text("utf-8")
    source = "".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    defined = set(re.findall(r"def (test_\w+)\(", source))

    named = set(re.findall(r"`(test_\w+)`", paper))

    assert len(named) > 20
    assert sorted(named - defined) == []
