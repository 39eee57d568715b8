"""Whatever is asked for, nobody gets the console to break."""

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

NUMBERS = st.integers().map(str)
NOISE = st.text() | NUMBERS | st.sampled_from(["acme-prod", "parked", "20", "0"])


@pytest.mark.parametrize(
    "path",
    [
        "/api/events?environment=%00",
        "/api/events?source=%00&id=%00",
        "/api/runs?environment=%00",
        "/api/runs?status=a%00",
        "/api/events/99999999999999999999",
        "/runs?environment=%00",
    ],
)
def test_what_cannot_be_stored_is_refused(web: httpx.Client, path: str) -> None:
    answer = web.get(path)

    assert 400 <= answer.status_code < 500
    assert "Traceback" not in answer.text


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    st.sampled_from(["/api/events", "/api/runs", "/api/parked", "/api/approvals", "/runs", "/"]),
    st.dictionaries(
        st.sampled_from(["environment", "disposition", "status", "limit", "before", "behind", "id"])
        | st.text(),
        NOISE,
        max_size=4,
    ),
)
def test_no_query_breaks_a_list(web: httpx.Client, path: str, query: dict[str, str]) -> None:
    answer = web.get(
        path, params={name: text for name, text in query.items() if _sendable(name + text)}
    )

    assert answer.status_code < 500


def _sendable(text: str) -> bool:
    """A lone surrogate cannot be put into a URL."""
    return not any("\ud800" <= character <= "\udfff" for character in text)
