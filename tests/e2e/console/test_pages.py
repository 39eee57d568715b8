"""The pages in a real browser: watched, clicked, and read by those who cannot see them."""

from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
from playwright.sync_api import Browser, Page, expect

from shared.ledger.history import FailoverHistory
from shared.runs.hours import Schedules
from tests.integration.console.stage import ANN, Degraded, Stage

PHONE, DESK = (390, 844), (1280, 900)
RULES = {
    "light": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "dark": ["color-contrast"],
}
"""In the dark only the colours are others."""


@pytest.fixture
def page(chromium: Browser, url: str) -> Iterator[Page]:
    """A page on a desk; whatever the browser complains of, CSP included, fails the test."""
    page = chromium.new_page(base_url=url, viewport={"width": DESK[0], "height": DESK[1]})
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    page.close()
    assert said == []


@pytest.fixture(scope="module")
def failed(stage: Stage) -> UUID:
    run = stage.backup("backups/broken/manifest.json")
    stage.work()
    return run


@pytest.fixture(scope="module")
def approval(stage: Stage) -> str:
    stage.happen(Degraded(environment="acme-prod"))
    stage.work()
    return stage.approvals.newest(status="waiting")[0].id


@pytest.fixture(scope="module")
def places(stage: Stage, failed: UUID, approval: str) -> list[str]:
    """Every page, each with something to show."""
    stage.park(b'{"type": "backup-complete"}')
    stage.park(b"hello")
    _hold_drill(stage)
    Schedules(stage.estate, stage.ledger, stage.desk.post).want(
        "acme-staging", asleep=True, until=None, by="ann", reason="nobody is here"
    )
    return [
        *("/", "/runs", f"/runs/{failed}", "/approvals", f"/approvals/{approval}"),
        *("/parked", "/drills", "/schedules", "/runs/nothing"),
    ]


def _hold_drill(stage: Stage) -> None:
    facts = {"took": "PT62S", "rto": "PT60S", "rto_met": False}
    facts |= {"rpo": "PT5S", "rpo_met": True, "lost_seconds": 0.4}
    history = FailoverHistory(stage.ledger)
    history.record_drill(uuid4(), "acme-prod", source="a sample", passed=False, facts=facts)


def test_a_run_is_watched_live_from_its_first_step_to_its_end(stage: Stage, page: Page) -> None:
    run = stage.backup("backups/acme-prod/watched/manifest.json")
    page.goto(f"/runs/{run}")
    headline, steps = page.locator(".headline"), page.locator(".timeline > li")

    expect(headline).to_contain_text("running")
    stage.work()
    expect(steps.nth(0)).to_contain_text("succeeded")
    page.locator("#d-check_archive summary").click()
    stage.work()
    expect(steps.nth(1)).to_contain_text("copy 25 %")
    expect(page.locator("#d-check_archive")).to_have_attribute("open", "")
    stage.work(2)

    expect(headline).to_contain_text("succeeded")
    expect(page.get_by_text("the seal holds")).to_be_visible()
    expect(page.locator("#said")).to_have_text("refresh of acme-staging: succeeded")
    expect(page.locator("#live")).to_have_count(0)


def test_the_estate_renews_itself_and_shows_where_a_run_is(stage: Stage, page: Page) -> None:
    page.goto("/")
    card = page.locator("section", has_text="a masked copy of acme-prod")
    expect(card).to_contain_text("free")

    run = stage.backup("backups/acme-prod/seen/manifest.json")

    expect(card).to_contain_text(f"refresh {str(run)[:8]}, check_archive")
    stage.work(4)
    expect(card).to_contain_text("free")


def test_an_approval_is_given_by_one_click_after_everything_was_shown(
    stage: Stage, page: Page, approval: str
) -> None:
    page.goto("/")
    page.get_by_role("link", name="1 approval waits").click()
    page.get_by_role("link", name="Promote acme-standby to production").click()
    for shown in ("everyone at erp.acme.example", "<script>alert(1)</script>", "12 transactions"):
        expect(page.get_by_text(shown)).to_be_visible()

    page.get_by_role("button", name="Approve this plan").click()

    expect(page.locator(".headline")).to_contain_text("approved")
    expect(page.get_by_role("main")).to_contain_text(f"{ANN.name}: approve")
    expect(page.get_by_role("button")).to_have_count(0)
    assert stage.approvals.show(approval)[0].is_granted


def test_a_parked_message_is_discarded_by_a_click(stage: Stage, page: Page) -> None:
    stage.park(b"rubbish")
    [message] = [each for each in stage.ledger.parked_messages() if each.body == "rubbish"]
    page.goto("/parked")

    page.get_by_role("button", name=f"Discard {message.id}").click()

    expect(page.get_by_role("button", name=f"Discard {message.id}")).to_have_count(0)
    assert message not in stage.ledger.parked_messages()


def test_a_page_says_so_when_nothing_new_arrives_any_more(
    stage: Stage, chromium: Browser, url: str
) -> None:
    page = chromium.new_page(base_url=url)
    page.goto("/")
    expect(page.get_by_role("alert")).to_be_hidden()

    page.context.set_offline(True)
    expect(page.get_by_role("alert")).to_be_visible()
    page.context.set_offline(False)

    expect(page.get_by_role("alert")).to_be_hidden()
    page.close()


def test_the_pages_are_usable_with_the_keyboard_and_without_javascript(
    chromium: Browser, url: str, failed: UUID
) -> None:
    context = chromium.new_context(base_url=url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/runs")

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.get_by_role("link", name=str(failed)[:8]).press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("refresh of acme-staging")
    context.close()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("scheme", RULES)
def test_axe_finds_nothing_and_nothing_is_cut_off_on_a_phone(
    scheme: str, chromium: Browser, url: str, places: list[str], axe: str
) -> None:
    context = chromium.new_context(base_url=url, color_scheme=scheme, bypass_csp=True)  # type: ignore[arg-type]
    page = context.new_page()
    found = {}
    for place in places:
        page.set_viewport_size({"width": DESK[0], "height": DESK[1]})
        page.goto(place)
        for summary in page.locator("summary").all():
            summary.click()
        page.evaluate(axe)
        options = {"runOnly": RULES[scheme], "resultTypes": ["violations"]}
        results = page.evaluate("options => axe.run(document, options)", options)
        page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
        wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
        found[place] = [v["id"] for v in results["violations"]] + ["too wide"] * wide
    context.close()

    assert found == {place: [] for place in places}


def test_axe_would_find_something(chromium: Browser, axe: str) -> None:
    page = chromium.new_page()
    page.set_content("<main><img src='data:,'><p style='color:#999;background:#aaa'>dim</p></main>")
    page.evaluate(axe)

    results = page.evaluate("() => axe.run(document)")

    assert {"image-alt", "color-contrast"} <= {each["id"] for each in results["violations"]}
    page.close()
