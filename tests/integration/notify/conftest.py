from collections.abc import Iterator

import httpx
import pytest

from tests.integration.console.stage import Stage, served
from tests.webhookreceiver import WebhookReceiver, webhook_receiver


@pytest.fixture
def stage(empty_ledger: str) -> Iterator[Stage]:
    stage = Stage(empty_ledger)
    yield stage
    stage.close()


@pytest.fixture
def web(stage: Stage) -> Iterator[httpx.Client]:
    with served(stage.app) as url, httpx.Client(base_url=url, timeout=30) as client:
        yield client


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    with webhook_receiver() as receiver:
        yield receiver
