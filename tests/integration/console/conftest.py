from collections.abc import Iterator
from itertools import count

import httpx
import pytest

from tests.integration.console.stage import Stage, served

_numbers = count(1)


@pytest.fixture
def stage(empty_ledger: str) -> Iterator[Stage]:
    stage = Stage(empty_ledger)
    yield stage
    stage.close()


@pytest.fixture
def web(stage: Stage) -> Iterator[httpx.Client]:
    with served(stage.app) as url, httpx.Client(base_url=url, timeout=30) as client:
        yield client
