"""A signed link, opened by a person with a real browser."""

from dataclasses import replace

from playwright.sync_api import Browser, expect

from shared.estate.notifications import Notifications
from shared.notifying.links import Link, links_key, sign
from tests.integration.console.stage import Degraded, Stage

BOB = "bob@acme.example"
WANTED = {"name": "bob", "shape": "teams", "url": "env:URL", "approver": BOB}
NOTIFICATIONS = Notifications.model_validate({"page": "https://x.example", "webhooks": [WANTED]})


def test_an_approver_opens_the_link_reads_the_plan_and_approves_it(
    stage: Stage, chromium: Browser, url: str, axe: str
) -> None:
    stage.happen(Degraded(environment="acme-prod"))
    stage.work()
    [asked] = stage.approvals.newest(status="waiting")
    estate = stage.estate.model_copy(update={"notifications": NOTIFICATIONS})
    stage.app.state.desk = replace(stage.desk, estate=estate, sign_in_needed=False)
    link = Link(asked.id, asked.plan_sha256, asked.expires_at, BOB)
    token = sign(links_key(stage.desk.forms_key), link)
    page = chromium.new_page(base_url=url)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))

    page.goto(f"/links/approvals/{asked.id}#{token}")
    expect(page.get_by_role("heading", level=1)).to_have_text(asked.plan["action"])
    expect(page.get_by_text("12 transactions")).to_be_visible()
    page.evaluate(axe)
    violations = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    place = page.url
    page.get_by_role("button", name="Approve this plan").click()

    expect(page.locator(".headline")).to_contain_text("approved")
    expect(page.get_by_role("button")).to_have_count(0)
    assert stage.approvals.show(asked.id)[1][0].person == BOB
    assert token not in place
    assert [each["id"] for each in violations["violations"]] == []
    assert said == []
    page.close()
