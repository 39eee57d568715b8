"""A real Chromium, without a window, and what it is asked."""

import os
import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from infra.local.npm import NpmFailed, installed
from tests.integration.console.stage import Stage, served

if TYPE_CHECKING:
    from infra.local.postgres import PostgresServer

expect.set_options(timeout=30_000)  # a busy machine is slow, not wrong
HERE = Path(__file__).parent
_numbers = count(1)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's, or whatever is called so on the path. No longer than a module: while Playwright is
    there its event loop runs in this thread, and no other can."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    unprivileged = [] if os.geteuid() else ["--no-sandbox"]  # its sandbox refuses root
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=unprivileged)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, the accessibility checker."""
    try:
        folder = installed(HERE, print)
    except NpmFailed as error:
        pytest.skip(f"no axe-core: {error}")
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")


@pytest.fixture(scope="module")
def stage(postgres: "PostgresServer") -> Iterator[Stage]:
    """One for all tests of a module: what one does, the next may see."""
    name = f"console_{next(_numbers)}"
    postgres.create_database(name)
    stage = Stage(postgres.dsn(name))
    yield stage
    stage.close()
    postgres.drop_database(name)


@pytest.fixture(scope="module")
def url(stage: Stage) -> Iterator[str]:
    with served(stage.app) as url:
        yield url
