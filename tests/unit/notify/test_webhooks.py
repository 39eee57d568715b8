"""What is posted where, and what is refused before anything is."""

from datetime import UTC, datetime

import pytest

from shared.notifying.webhooks import (
    WebhookRefused,
    WebhookSilent,
    WebhookUnusable,
    post,
    signature,
)
from tests.webhookreceiver import webhook_receiver

KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_a_signature_is_the_one_that_standard_webhooks_gives_as_example() -> None:
    at = datetime.fromtimestamp(1614265330, UTC)

    headers = signature("tickets", KEY, "msg_p5jXN8AQM9LWM0D4loKWxJek", at, b'{"test": 2432232314}')

    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@pytest.mark.parametrize("key", ["secret", "whsec_", "whsec_c2hvcnQ=", KEY.removeprefix("whsec_")])
def test_a_key_that_signs_nothing_well_is_refused_without_being_repeated(key: str) -> None:
    with pytest.raises(WebhookUnusable, match="must be whsec_ and 24 to 64 bytes") as refused:
        signature("tickets", key, "1", datetime.now(UTC), b"{}")

    assert key == "whsec_" or key not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://signalbox.example/hook",
        "http://127.0.0.1.signalbox.example/hook",
        "file:///etc/passwd",
        "https://[",
        "https://",
        "signalbox.example/hook",
    ],
)
def test_an_address_that_is_not_safe_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(WebhookUnusable) as refused:
        post("tickets", url, b"{}", {})

    assert url not in str(refused.value).removesuffix("must begin with https://")


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_some_refusals_pass(status: int) -> None:
    with webhook_receiver() as receiver:
        receiver.answers.append(status)

        with pytest.raises(WebhookSilent, match=f"answered {status}"):
            post("tickets", receiver.url(), b"{}", {})


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 400, 401, 403, 404, 410])
def test_redirects_and_other_refusals_do_not_pass_and_lead_nowhere(status: int) -> None:
    with webhook_receiver() as receiver:
        receiver.answers.append(status)

        with pytest.raises(WebhookRefused, match=f"answered {status}"):
            post("tickets", receiver.url("/hook"), b"{}", {})

        assert [each.path for each in receiver.posted] == ["/hook"]


def test_nobody_there_is_silence_and_the_address_stays_unsaid() -> None:
    with webhook_receiver() as receiver:
        url = receiver.url("/a/secret/path")

    with pytest.raises(WebhookSilent) as silent:
        post("tickets", url, b"{}", {})

    assert "secret" not in str(silent.value)
