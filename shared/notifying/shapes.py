"""A notice as each kind of receiver wants it. Texts are never markup: nobody forges a link."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from html import escape
from typing import Any

from shared.notifying.wording import Notice

Shape = Callable[[Notice, str | None], dict[str, Any]]
"""From a notice, and the link to its page if there is one, to the body of the request."""


def as_json(said: Notice, link: str | None) -> dict[str, Any]:
    """For programs; fields are only ever added."""
    fields = asdict(said)
    del fields["path"]
    return fields | {"link": link}


def as_card(said: Notice, link: str | None) -> dict[str, Any]:
    """For a Teams workflow that posts what it gets ("when a Teams webhook request is received").

    https://learn.microsoft.com/connectors/teams/#microsoft-teams-webhook
    """
    actions = [{"type": "Action.OpenUrl", "title": "Open", "url": link}] if link else []
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [
            _run(said.title, weight="Bolder", size="Medium"),
            *(_run(line) for line in _lines(said)),
        ],
        "actions": actions,
    }
    kind = "application/vnd.microsoft.card.adaptive"
    attachment = {"contentType": kind, "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _run(text: str, **style: str) -> dict[str, Any]:
    """A TextRun, because a TextBlock would read Markdown."""
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, **style}]}


def as_blocks(said: Notice, link: str | None) -> dict[str, Any]:
    """For an incoming webhook of Slack (https://docs.slack.dev/reference/block-kit/blocks)."""
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": _text(said.title[:150])},
        *({"type": "section", "text": _text(line)} for line in _lines(said)),
    ]
    if link:
        button = {"type": "button", "text": _text("Open"), "url": link}
        blocks.append({"type": "actions", "elements": [button]})
    plain = escape(said.title, quote=False)  # only this field is markup
    return {"text": plain, "blocks": blocks}


def _text(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}


def _lines(said: Notice) -> list[str]:
    place = " · ".join(filter(None, (said.environment, said.at)))
    return [line for line in (said.what, said.why, place) if line]


SHAPES: Mapping[str, Shape] = {"json": as_json, "teams": as_card, "slack": as_blocks}
