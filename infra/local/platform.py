"""The embedded platform as a whole: every part, and what connects them."""

import getpass
import hmac
import http.client
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Protocol, Self

import psycopg
from azure.core.exceptions import ResourceExistsError
from azure.storage.blob import BlobServiceClient

from infra.local.azurite import Azurite
from infra.local.bus import Broker
from infra.local.furnish import furnish
from infra.local.home import Home
from infra.local.hooks import RejoinHooks
from infra.local.postgres import PostgresServer
from infra.local.processes import Child, PartFailed, write_private
from infra.local.program import Program
from shared.estate import Environment, RunByUs, SecretReference, Server, load_estate
from shared.ledger.migrate import migrate

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".local" / "platform"
TOPOLOGY = ROOT / "infra" / "topology.json"
ESTATE = ROOT / "infra" / "local" / "estate.yaml"
LEDGER = "signalbox_ledger"
EVIDENCE = "evidence"
HOST_GRACE_SECONDS = 5

Progress = Callable[[str, str], None]
"""Takes a part's name and what happens to it; called from several threads."""


class Part(Protocol):
    """One part of the platform."""

    def start(self) -> None:
        """Return when the part answers."""

    def stop(self) -> None:
        """End the part in good order."""

    def kill(self) -> None:
        """End the part as a crash would."""


class Platform:
    """Bus, Kubernetes, PostgreSQL, blobs and the Functions host on this machine.

    All state is in ``folder``; a second start continues where the first one ended, on the same
    ports where they are free. The estate says which PostgreSQL servers there are; a standby is only
    made by ``start_standby``. ``app`` is the folder of ``function_app.py``; None starts no host.
    ``settings`` are app settings that the platform does not decide, such as ``SIGNALBOX_LEASE``.

        with Platform(folder, progress=print) as platform:
            ServiceBusClient.from_connection_string(platform.settings["ServiceBus"])

    The parts are named ``bus``, ``kubernetes``, ``blobs``, ``host`` and, for PostgreSQL, like the
    servers of the estate.
    """

    def __init__(
        self,
        folder: Path = FOLDER,
        *,
        estate: Path = ESTATE,
        topology: Path = TOPOLOGY,
        app: Path | None = ROOT,
        settings: Mapping[str, str] | None = None,
        progress: Progress = lambda _part, _text: None,
    ) -> None:
        self.folder = folder.absolute()
        self.estate = load_estate(estate)
        self.settings: dict[str, str] = {}
        self._estate_file = estate.absolute()
        self._topology = topology.absolute()
        self._app = app
        self._given = dict(settings or {})
        self._progress = progress
        self._home = Home(folder)
        self._parts: dict[str, Part] = {}
        self._ports: dict[str, int] = {}
        self._hooks: RejoinHooks | None = None

    @property
    def settings_file(self) -> Path:
        """The settings as a ``local.settings.json``, which ``func start`` reads too."""
        return self.folder / "local.settings.json"

    @property
    def url(self) -> str:
        """Where the host serves HTTP."""
        return f"http://127.0.0.1:{self._ports['host']}"

    @property
    def kubernetes_url(self) -> str:
        """Where the Kubernetes API is."""
        return f"http://127.0.0.1:{self._ports['kubernetes']}"

    def server(self, name: str) -> PostgresServer:
        """Return the running PostgreSQL server that the estate names so."""
        part = self._part(name)
        if not isinstance(part, PostgresServer):
            raise PartFailed(f"{name} is no PostgreSQL server of the estate.")
        return part

    def start(self) -> None:
        """Start everything and return when the host listens to the bus.

        Raises FolderInUse when a platform runs in the folder, FolderNotOurs when it holds something
        else, PartFailed when a part does not start; then everything is stopped again.
        """
        self._home.enter()
        try:
            self._ports = self._home.ports(self._names())
            self._parts = self._build_parts()
            self._hooks = RejoinHooks(lambda server, _primary: self.rejoin(server), self._token())
            self._hooks.start(self._ports["hooks"])
            self.settings = self._settings()
            write_private(self.settings_file, _local_settings(self.settings))
            self._bring_up()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop the host, then everything else. Harmless when stopped."""
        try:
            if host := self._parts.pop("host", None):
                host.stop()
            if self._hooks is not None:
                self._hooks.stop()
            with ThreadPoolExecutor() as pool:
                ends = [pool.submit(part.stop) for part in self._parts.values()]
            for end in ends:
                end.result()
        finally:
            self._parts.clear()
            self._home.leave()

    def restart(self, part: str) -> None:
        """Stop one part, if it still runs, and start it again on the same port."""
        self._part(part).stop()
        self._start_part(part)

    def kill(self, part: str) -> None:
        """End one part as a crash would; ``restart`` brings it back."""
        self._part(part).kill()
        self._progress(part, "killed")

    def start_standby(self, name: str) -> PostgresServer:
        """Start the streaming standby that the estate names so; the first time it is copied."""
        if name not in self._parts:
            primary = self.estate.server(name).replica_of
            if primary is None:
                raise PartFailed(f"Server {name} is no standby: the estate gives it no replica_of.")
            self._parts[name] = self.server(primary).standby(self._place(name), self._ports[name])
            self._start_part(name)
        return self.server(name)

    def rejoin(self, name: str) -> str:
        """Make a server a standby of the one that took its place; returns how that was done."""
        self._progress(name, "rejoining")
        how = self.server(name).rejoin(self.server(self._other_side(name)))
        self._progress(name, f"{how}, a standby now")
        return how

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _names(self) -> list[str]:
        servers = (server.name for server in self.estate.servers)
        return ["bus", "kubernetes", "blobs", "host", "hooks", *servers]

    def _build_parts(self) -> dict[str, Part]:
        servers = {
            server.name: PostgresServer(self._place(server.name), self._ports[server.name])
            for server in self.estate.servers
            if server.replica_of is None
        }
        return {
            "blobs": self._blobs(),
            "bus": self._bus(),
            "kubernetes": self._cluster(),
            **servers,
            **dict(self._successors(servers)),
        }

    def _successors(
        self, servers: Mapping[str, PostgresServer]
    ) -> Iterator[tuple[str, PostgresServer]]:
        """Find the standbys that took their primary's place, and let that follow them."""
        for server in self.estate.servers:
            former = servers.get(server.replica_of or "")
            if former is not None and former.follows:
                successor = PostgresServer(self._place(server.name), self._ports[server.name])
                former.follow(successor)
                yield server.name, successor

    def _other_side(self, name: str) -> str:
        """Name the server that this one is paired with."""
        primary = self.estate.server(name).replica_of
        others = [primary] if primary else [s.name for s in self._standbys(name)]
        if len(others) != 1:
            raise PartFailed(f"Server {name} is not one of a pair: the estate gives it no standby.")
        return others[0]

    def _standbys(self, name: str) -> list[Server]:
        return [server for server in self.estate.servers if server.replica_of == name]

    def _blobs(self) -> Azurite:
        return Azurite(
            self._place("blobs"),
            self._ports["blobs"],
            progress=lambda text: self._progress("blobs", text),
        )

    def _bus(self) -> Program:
        options = {"folder": self._place("bus"), "topology": self._topology}
        return Program("bus", self._child("bus"), self._ports["bus"], options)

    def _cluster(self) -> Program:
        """Jobs find this Python's and PostgreSQL's programs on their path, and this package."""
        ours = (PostgresServer.bin("pg_restore").parent, Path(sys.executable).parent)
        path = os.pathsep.join([*map(str, ours), os.environ.get("PATH", os.defpath)])
        return Program(
            "kubernetes",
            self._child("kubernetes"),
            self._ports["kubernetes"],
            {"folder": self._place("kubernetes"), "give": "PATH"},
            environment={"PATH": path, "PYTHONPATH": str(ROOT)},
        )

    def _host(self, app: Path) -> Program:
        options: dict[str, Path | int] = {
            "app": app.absolute(),
            "settings": self.settings_file,
            "grace": HOST_GRACE_SECONDS,
        }
        return Program(
            "host", self._child("host"), self._ports["host"], options, self._host_is_connected
        )

    def _host_is_connected(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self._ports["host"], timeout=5)
        try:
            connection.request("GET", "/admin/host/status")
            state = json.load(connection.getresponse())["state"]
        finally:
            connection.close()
        return bool(state == "Running")

    def _bring_up(self) -> None:
        """Start all parts at once; the host waits for what it needs to connect."""
        prepare = {"kubernetes": self._furnish, "blobs": self._make_evidence_container} | {
            server.name: partial(self._prepare_server, server) for server in self._primaries()
        }

        def bring_up(name: str) -> None:
            self._start_part(name)
            prepare.get(name, lambda: None)()

        with ThreadPoolExecutor(max_workers=len(self._parts)) as pool:
            starts = {name: pool.submit(bring_up, name) for name in self._parts}
            for needed in ("bus", self._ledger_server()):
                starts[needed].result()
            self._start_host()
        for start in starts.values():
            start.result()

    def _start_host(self) -> None:
        if self._app is not None:
            self._parts["host"] = self._host(self._app)
            self._start_part("host")

    def _prepare_server(self, server: Server) -> None:
        """Create the roles Odoo connects as and the ledger; start the standbys of last time."""
        running = self.server(server.name)
        on_it = [each for each in self.estate.environments if each.database.server == server.name]
        if running.follows:
            return  # its roles are what its primary has
        for owner in {environment.database.owner for environment in on_it}:
            running.create_role(owner, createdb=True)
        if server.name == self._ledger_server():
            running.create_database(LEDGER)
            with psycopg.connect(running.dsn(LEDGER)) as connection:
                migrate(connection)
        for standby in self._standbys(server.name):
            if self._place(standby.name).exists():
                self.start_standby(standby.name)

    def _primaries(self) -> Iterable[Server]:
        return (server for server in self.estate.servers if server.replica_of is None)

    def _ledger_server(self) -> str:
        """Name the server that has the ledger: the first one without real data."""
        return next(server.name for server in self._primaries() if server.role == "nonproduction")

    def _furnish(self) -> None:
        furnish(self.kubernetes_url, self.estate, self._odoo_url)
        self._progress("kubernetes", "furnished")

    def _make_evidence_container(self) -> None:
        service = BlobServiceClient.from_connection_string(self._blobs().connection_string)
        with service, suppress(ResourceExistsError):
            service.create_container(EVIDENCE)

    def _odoo_url(self, environment: Environment) -> str:
        database = environment.database
        return self._server_url(self.estate.server(database.server), database.name, database.owner)

    def _server_url(
        self, server: Server, database: str = "postgres", user: str = "postgres"
    ) -> str:
        """Return a URL for a server, a standby included that has not been made yet."""
        primary = self.server(server.replica_of or server.name)
        return primary.url(database, user, port=self._ports[server.name])

    def _settings(self) -> dict[str, str]:
        """The app settings of ``function_app.py``, with every secret that the estate refers to."""
        blobs = self._blobs().connection_string
        return self._given | {
            "FUNCTIONS_WORKER_RUNTIME": "python",
            "AzureWebJobsStorage": blobs,
            "ServiceBus": Broker(None, self._topology, self._ports["bus"]).connection_string,
            "SIGNALBOX_LEDGER_URL": self.server(self._ledger_server()).url(LEDGER),
            "SIGNALBOX_ESTATE": str(self._estate_file),
            "SIGNALBOX_BLOBS": blobs,
            "SIGNALBOX_EVIDENCE_CONTAINER": EVIDENCE,
            "SIGNALBOX_KUBERNETES_URL": self.kubernetes_url,
            **self._home.secrets(),
            "SIGNALBOX_API_KEY": self._home.secrets()["FUNCTIONS_HOST_KEY"],
            "SIGNALBOX_DEVELOPER": getpass.getuser(),
            **{_variable(s.name, s.url): self._server_url(s) for s in self.estate.servers},
            **dict(self._hook_settings()),
        }

    def _token(self) -> str:
        """Return what the hook's callers have to know: the same at every start."""
        key = self._home.secrets()["FUNCTIONS_HOST_KEY"]
        return hmac.digest(key.encode(), b"rejoin", "sha256").hex()

    def _hook_settings(self) -> Iterator[tuple[str, str]]:
        for server in self.estate.servers:
            run_by = server.run_by
            if self._hooks is not None and isinstance(run_by, RunByUs) and run_by.rejoin:
                yield _variable(server.name, run_by.rejoin), self._hooks.url

    def _place(self, name: str) -> Path:
        return self.folder / name

    def _child(self, name: str) -> Child:
        return Child(name, self.folder / "logs")

    def _part(self, name: str) -> Part:
        if name not in self._parts:
            known = ", ".join(self._parts) or "none"
            raise PartFailed(f"The platform runs no part {name!r}; it runs {known}.")
        return self._parts[name]

    def _start_part(self, name: str) -> None:
        self._progress(name, "starting")
        begun = time.monotonic()
        self._parts[name].start()
        self._progress(name, f"ready in {time.monotonic() - begun:.1f} s")


def _variable(server: str, place: SecretReference) -> str:
    """Return the app setting that holds an address of a server."""
    if place.scheme != "env":
        raise PartFailed(
            f"server {server}: the embedded platform sets its addresses itself; "
            f"write 'env:NAME' instead of '{place}'"
        )
    return place.place


def _local_settings(settings: Mapping[str, str]) -> str:
    return json.dumps({"IsEncrypted": False, "Values": settings}, indent=2)


def reset(folder: Path = FOLDER) -> None:
    """Remove a platform with all its state; raises FolderInUse or FolderNotOurs."""
    Home(folder).erase()
