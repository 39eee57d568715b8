"""The page on reliability names tests that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reliability.md").read_text("utf-8")
TESTS = {
    name
    for file in (ROOT / "tests").rglob("test_*.py")
    for name in re.findall(r"^ *def (test_\w+)", file.read_text("utf-8"), re.MULTILINE)
}


@pytest.mark.parametrize("named", sorted(set(re.findall(r"`(test_\w+(?:\.\.\.)?)`", PAGE))))
def test_a_test_that_the_page_names_exists(named: str) -> None:
    found = [n for n in TESTS if n == named or n.startswith(named.removesuffix("...") + "_")]

    assert found != []


@pytest.mark.parametrize("rule", range(1, 9))
def test_every_safety_rule_has_a_test_on_the_page(rule: int) -> None:
    row = re.search(rf"^\| {rule} \| .*$", PAGE, re.MULTILINE)

    assert row is not None
    assert "`test_" in row[0]
