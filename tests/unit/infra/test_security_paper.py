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


def test_every_threat_has_a_control_and_says_what_shows_it() -> None:
    paper = (ROOT / "docs" / "security.md").read_text("utf-8")
    rows = paper.partition("## Threats")[2].partition("\n## ")[0].strip().splitlines()[2:]

    cells = [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows]

    assert all(len(row) == 3 and all(row) for row in cells)
    assert len({row[0] for row in cells}) == len(cells) > 25
    unproven = [control for _, control, shown in cells if not shown.startswith("`test_")]
    assert all("Not prevented" in control for control in unproven)
