"""The AsyncAPI document, as AsyncAPI's own parser reads it."""

import json
import subprocess
from pathlib import Path

import pytest

from infra.local.npm import NpmFailed, installed, node

HERE = Path(__file__).parent
DOCUMENT = Path(__file__).parents[3] / "schemas" / "asyncapi.json"


@pytest.fixture(scope="module")
def parser() -> Path:
    try:
        return installed(HERE, print) / "node_modules"
    except NpmFailed as error:
        pytest.skip(f"no AsyncAPI parser: {error}")


def problems(parser: Path, document: Path) -> list[dict[str, object]]:
    done = subprocess.run(
        [node(), HERE / "validate.mjs", parser, document],
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[dict[str, object]] = json.loads(done.stdout)
    return found


@pytest.mark.timeout(300)
def test_the_official_parser_accepts_the_document(parser):
    assert problems(parser, DOCUMENT) == []


@pytest.mark.timeout(300)
def test_the_official_parser_refuses_a_broken_one(parser, tmp_path):
    document = json.loads(DOCUMENT.read_text("utf-8"))
    document["operations"]["refresh"]["channel"] = {"$ref": "#/channels/nowhere"}
    broken = tmp_path / "asyncapi.json"
    broken.write_text(json.dumps(document), "utf-8")

    assert any(problem["severity"] == 0 for problem in problems(parser, broken))
