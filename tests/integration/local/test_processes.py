"""Child processes of the embedded platform: they end with us, and never too early."""

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from infra.local.processes import (
    Child,
    PartFailed,
    end,
    free_port,
    spawn,
    wait_until,
    works,
    write_private,
)

SERVE = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1"]


@pytest.fixture
def child(tmp_path: Path) -> Iterator[Child]:
    """A child that is stopped after the test."""
    child = Child("web", tmp_path)
    yield child
    child.stop()


def start(child: Child) -> psutil.Process:
    port = free_port()
    child.start([*SERVE, str(port)], port)
    return psutil.Process(int((child.folder / "web.pid").read_text().split()[0]))


def test_two_processes_are_never_given_the_same_port() -> None:
    ask = "from infra.local.processes import free_port; print([free_port() for _ in range(70)])"
    ours = {free_port() for _ in range(70)}

    given = [
        json.loads(subprocess.check_output([sys.executable, "-c", ask], text=True))
        for _ in range(2)
    ]

    assert all(ours.isdisjoint(theirs) for theirs in given)
    assert all(20_000 <= port < 32_000 for port in {*ours, *given[0]})


def test_a_child_outlives_the_thread_that_started_it() -> None:
    started = []
    thread = threading.Thread(target=lambda: started.append(spawn([*SERVE, "0"])))
    thread.start()
    thread.join()

    [process] = started
    with pytest.raises(PartFailed):
        wait_until(lambda: process.poll() is not None, seconds=0.3, waiting_for="its end")

    end(process)
    assert process.returncode is not None


def test_a_child_that_was_left_behind_is_ended_by_the_next_start(child: Child) -> None:
    old = Child("web", child.folder)
    leftover = start(old)

    successor = start(child)

    assert not works(leftover)
    assert works(successor)
    old.kill()


def test_a_process_that_only_has_the_number_of_an_old_child_is_spared(
    child: Child, tmp_path: Path
) -> None:
    innocent = Child("web", tmp_path / "other")
    process = start(innocent)
    (tmp_path / "web.pid").write_text(f"{process.pid} 12345.0")

    start(child)

    assert innocent.running
    innocent.stop()


def test_a_port_that_is_taken_fails_before_anything_starts(child: Child) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(PartFailed, match=f"web: port {taken.getsockname()[1]} is taken"),
    ):
        child.start([*SERVE, "0"], taken.getsockname()[1])

    assert not child.running


def test_a_child_that_ends_while_starting_is_quoted(child: Child) -> None:
    with pytest.raises(PartFailed, match=r"web ended while starting(.|\n)*no such module") as error:
        child.start([sys.executable, "-c", "raise SystemExit('no such module')"], free_port())

    assert error.value.__cause__ is None


def test_a_stopped_child_leaves_no_note(child: Child) -> None:
    process = start(child)

    child.stop()

    assert not works(process)
    assert not child.running
    assert {path.name for path in child.folder.iterdir()} == {"web.log"}


def test_a_private_file_is_private_from_its_first_moment_and_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("old and readable")
    path.chmod(0o644)

    write_private(path, "new")

    assert (path.read_text(), path.stat().st_mode & 0o777) == ("new", 0o600)
    assert [*tmp_path.iterdir()] == [path]
