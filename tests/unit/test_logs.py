"""What the app writes into its log."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from shared.logs import configure_logging


@pytest.fixture
def configured() -> Iterator[None]:
    before = structlog.get_config()
    configure_logging()
    yield
    structlog.configure(**before)


def connect(password: str) -> None:
    url = f"postgresql://odoo:{password}@erp/acme"
    raise OSError(f"no answer after {len(url)} bytes")


def test_a_traceback_names_lines_and_no_local_variables(
    configured: None, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        try:
            connect("hunter2")
        except OSError:
            structlog.get_logger().exception("step_broke", step="restore")

    [told] = (json.loads(record.message) for record in caplog.records)
    [error] = told["exception"]
    assert (told["event"], told["step"], error["exc_type"]) == ("step_broke", "restore", "OSError")
    assert [frame["name"] for frame in error["frames"]][-1] == "connect"
    assert "hunter2" not in caplog.text
