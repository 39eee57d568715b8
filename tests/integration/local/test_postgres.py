"""The embedded PostgreSQL: who it runs as, what survives, how it replicates."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from infra.local.postgres import PostgresFailed, PostgresServer
from infra.local.processes import FolderInUse, Identity, free_port, wait_until

ROOT = os.geteuid() == 0
NOBODY = (65534, 65534)

Start = Callable[..., PostgresServer]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start servers, in folders below ``tmp_path``, that are stopped after the test."""
    servers: list[PostgresServer] = []

    def start(name: str = "server", **options: object) -> PostgresServer:
        server = PostgresServer(tmp_path / name, **{"fsync": False, **options})
        servers.append(server)
        server.start()
        return server

    yield start
    for server in reversed(servers):
        server.stop()


def execute(server: PostgresServer, query: str, *, user: str = "postgres") -> list[tuple]:
    with psycopg.connect(server.dsn(user=user), autocommit=True) as connection:
        cursor = connection.execute(query)
        return cursor.fetchall() if cursor.description else []


def leave_behind(server: PostgresServer) -> None:
    """Forget a running server, as happens where no signal ends the child of a killed process."""
    server._lock.release()  # noqa: SLF001


def has_table(server: PostgresServer, name: str) -> bool:
    return execute(server, f"select to_regclass('{name}') is not null") == [(True,)]


@pytest.mark.skipif(not ROOT, reason="only root has to become somebody else")
@pytest.mark.parametrize("how", ["namespace", "account"])
def test_root_can_run_it_in_a_folder_that_nobody_else_may_enter(
    start: Start, tmp_path: Path, how: str
) -> None:
    tmp_path.chmod(0o700)

    server = start(identity=Identity(how, *NOBODY))

    assert execute(server, "select current_setting('server_version_num')::int / 10000") == [(18,)]


@pytest.mark.skipif(not ROOT, reason="only root can give a folder away")
def test_root_can_run_it_in_a_folder_that_belongs_to_somebody_else(
    start: Start, tmp_path: Path
) -> None:
    folder = tmp_path / "home" / "server"
    folder.mkdir(parents=True)
    for place in (folder, folder.parent):
        os.chown(place, 12345, 12345)
        place.chmod(0o700)

    server = start("home/server")

    assert execute(server, "select 1") == [(1,)]


@pytest.mark.skipif(not ROOT, reason="only root can change who it runs as")
def test_its_data_stay_usable_when_it_runs_as_somebody_else(start: Start) -> None:
    server = start(identity=Identity("namespace", *NOBODY))
    execute(server, "create table kept ()")
    server.stop()

    for how in ("account", "namespace"):
        server = start(identity=Identity(how, *NOBODY))
        assert has_table(server, "kept")
        server.stop()


def test_what_was_committed_survives_a_crash_and_a_restart(start: Start) -> None:
    server = start()
    port = server.port
    execute(server, "create table kept ()")

    server.kill()
    assert not server.running
    server.start()
    server.restart()

    assert has_table(server, "kept")
    assert server.port == port


def test_nobody_connects_without_the_right_password(start: Start) -> None:
    server = start()
    server.create_role("odoo")
    wrong = psycopg.conninfo.make_conninfo(server.dsn(), user="odoo")

    assert execute(server, "select current_user", user="odoo") == [("odoo",)]
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wrong)


def test_its_secrets_are_readable_by_their_owner_only(start: Start) -> None:
    server = start()

    standby = server.standby(server.folder.with_name("standby"))

    places = [server.folder / "secret", standby.folder / "secret", standby.folder / "passfile"]
    assert {place.stat().st_mode & 0o777 for place in places} == {0o600}
    assert (
        server.dsn().split("password=")[1][:64]
        not in (standby.data / "postgresql.conf").read_text()
    )


def test_a_standby_follows_and_is_promoted_when_the_primary_is_lost(start: Start) -> None:
    primary = start()
    with primary.standby(primary.folder.with_name("standby")) as standby:
        execute(primary, "create table replicated ()")
        wait_until(lambda: has_table(standby, "replicated"), seconds=10, waiting_for="the standby")

        primary.kill()
        execute(standby, "select pg_promote()")
        execute(standby, "create table written_after ()")
        standby.restart()

        assert has_table(standby, "written_after")


def test_a_standby_follows_again_after_both_were_restarted_on_other_ports(start: Start) -> None:
    primary = start()
    folder = primary.folder.with_name("standby")
    with primary.standby(folder):
        pass
    primary.stop()
    primary.port = free_port()
    primary.start()

    with primary.standby(folder) as standby:
        execute(primary, "create table replicated ()")

        wait_until(lambda: has_table(standby, "replicated"), seconds=10, waiting_for="the standby")


def test_two_servers_do_not_share_a_folder(start: Start) -> None:
    start()

    with pytest.raises(FolderInUse, match=f"in use by process {os.getpid()}"):
        start()


def test_a_server_whose_owner_was_killed_ends_and_the_folder_starts_again(
    start: Start, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "infra.local.postgres", "--folder", str(tmp_path / "server")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline().startswith("psql ")
        owner.send_signal(signal.SIGKILL)

    server = start()

    assert execute(server, "select 1") == [(1,)]


def test_a_server_left_behind_by_a_crash_is_replaced(start: Start) -> None:
    server = start()
    leave_behind(server)

    successor = start()

    assert execute(successor, "select 1") == [(1,)]
    with pytest.raises(psycopg.OperationalError, match="refused"):
        psycopg.connect(server.dsn())


def test_a_server_that_cannot_start_says_why(start: Start) -> None:
    taken = start().port

    with pytest.raises(PostgresFailed, match="Address already in use"):
        start("other", port=taken)


def test_pg_dump_and_pg_restore_come_with_it() -> None:
    for name in ("pg_dump", "pg_restore"):
        said = subprocess.run(
            [PostgresServer.bin(name), "--version"], capture_output=True, text=True
        )
        assert said.stdout.startswith(f"{name} (PostgreSQL) 18")
