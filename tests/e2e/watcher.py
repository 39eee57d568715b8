"""Somebody who looks at the live page of a run, in a real Chromium, until the run is over."""

import os
import shutil
from dataclasses import dataclass
from uuid import UUID

from playwright.sync_api import Page, sync_playwright

from tests.e2e.site import Site, wait_for

SUCCEEDED = """() => [...document.querySelectorAll(".timeline > li")]
    .filter((each) => each.innerText.includes("succeeded")).length"""
CHANGED = f"(known) => ({SUCCEEDED})() > known || !document.getElementById('live')"


@dataclass(frozen=True)
class Seen:
    """What a run's page showed, from its first moment to its end."""

    place: str
    succeeded: list[int]
    """How many steps had succeeded, each time that this changed."""
    headline: str
    was_reloaded: bool
    complaints: list[str]
    """What the browser complained of."""


def watch_next_run(site: Site) -> Seen | None:
    """Watch the run that begins next; None where there is no Chromium.

    In a thread of the caller's: while Playwright is there, no other event loop can run in it.
    """
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        return None
    known = {id for (id,) in site.ask("select id from runs")}
    unprivileged = [] if os.geteuid() else ["--no-sandbox"]  # its sandbox refuses root
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=unprivileged)
        page = browser.new_page(base_url=site.platform.url)
        page.goto("/")  # so that the browser is warm before the run begins
        try:
            return _watch(page, wait_for(lambda: _new_run(site, known), "a run to watch"))
        finally:
            browser.close()


def _new_run(site: Site, known: set[UUID]) -> UUID | None:
    return next((id for (id,) in site.ask("select id from runs") if id not in known), None)


def _watch(page: Page, run: UUID) -> Seen:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"/runs/{run}")
    page.evaluate("window.first = true")
    succeeded = [page.evaluate(SUCCEEDED)]
    while page.locator("#live").count():
        page.wait_for_function(CHANGED, arg=succeeded[-1], polling=100, timeout=90_000)
        succeeded.append(page.evaluate(SUCCEEDED))
    return Seen(
        place=page.url,
        succeeded=succeeded,
        headline=page.locator(".headline").inner_text(),
        was_reloaded=not page.evaluate("window.first === true"),
        complaints=complaints,
    )
