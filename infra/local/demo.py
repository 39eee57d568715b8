"""The main job on this machine: production is backed up, staging refreshed from the backup."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from azure.core.exceptions import ResourceExistsError
from azure.storage.blob import BlobServiceClient, ContainerClient

from infra.local.platform import ROOT, Platform
from infra.local.sample import (
    TakenBackup,
    create_sample,
    import_dump,
    take_backup,
    upload_filestore,
)
from shared.bus.servicebus import ServiceBus
from shared.estate import BlobFolder, Environment
from shared.messages import CloudEvent
from shared.messages.refresh import BackupCompleted
from shared.runs.publishing import publish

FOLDER = ROOT / ".local" / "demo"
SOURCE, TARGET = "acme-prod", "acme-staging"
EARLIER_PARTNERS = 100
"""Size of the staging database that the refresh replaces."""

PEOPLE = """
    select id, name, email, coalesce(phone, '') from res_partner
    where id = any(%s) order by id
"""
CHOICE = """
    select id from res_partner
    where email like '%%@%%' and coalesce(phone, '') <> '' and active
    order by id limit 3
"""


@dataclass(frozen=True)
class Production:
    """What stands in for production, and how large it is."""

    description: str
    rows: int
    files: int


@dataclass(frozen=True)
class Person:
    """A row of res_partner before and after."""

    before: tuple[str, str, str]
    after: tuple[str, str, str]


@dataclass(frozen=True)
class Claim:
    """Something the demo says, looked up again from outside of the run."""

    text: str
    true: bool


class Demo:
    """The acts of the demo, on a platform that runs; each may be called once, in this order."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._source = platform.estate.environment(SOURCE)
        self._target = platform.estate.environment(TARGET)
        self._blobs = BlobServiceClient.from_connection_string(platform.settings["SIGNALBOX_BLOBS"])

    def close(self) -> None:
        self._blobs.close()

    def make_production(
        self, dump: Path | None, filestore: Path | None, partners: int, say: Callable[[str], None]
    ) -> Production:
        """A sample ERP, or the user's own dump, as production; and an older staging to replace."""
        with self._files(self._source) as sink:
            if dump is not None:
                imported = import_dump(dump, filestore, self._create(self._source), sink=sink.put)
                rows, title = imported.rows, f"Odoo {imported.odoo_version} from {dump.name}"
            else:
                made = create_sample(
                    self._create(self._source),
                    partners=partners,
                    base_url=self._source.endpoints[0].base_url,
                    sink=sink.put,
                    progress=say,
                )
                rows, title = made.rows, "an invented distribution company"
        create_sample(
            self._create(self._target),
            partners=EARLIER_PARTNERS,
            base_url=self._target.endpoints[0].base_url,
        )
        return Production(title, sum(rows.values()), sink.count)

    def take_backup(self) -> TakenBackup:
        """Back production up into blob storage, as the platform's nightly tool does."""
        backups = self._source.backups
        assert backups is not None, SOURCE
        return take_backup(
            self._dsn(self._source),
            environment=SOURCE,
            backups=self._container(backups),
            prefix=backups.prefix,
            filestore=self._container(self._source.filestore),
            filestore_prefix=self._source.filestore.prefix,
        )

    def publish(self, backup: TakenBackup) -> CloudEvent:
        """Say on the bus that the backup is complete; everything else follows from that."""
        backups = self._source.backups
        assert backups is not None, SOURCE
        completed = BackupCompleted(
            environment=SOURCE, manifest=f"{backups.container}/{backup.path}", target=TARGET
        )
        now = datetime.now(UTC)
        event = CloudEvent.of(completed, id=backup.path, source="/backup/nightly", time=now)
        bus = ServiceBus.connect(self._platform.settings["ServiceBus"])
        try:
            publish(bus, event)
        finally:
            bus.close()
        return event

    def people(self) -> list[Person]:
        """Three people of production, and who they are in staging."""
        with psycopg.connect(self._dsn(self._source)) as before:
            ids = [id for (id,) in before.execute(CHOICE).fetchall()]
            old = {row[0]: row[1:] for row in before.execute(PEOPLE, [ids]).fetchall()}
        with psycopg.connect(self._dsn(self._target)) as after:
            new = {row[0]: row[1:] for row in after.execute(PEOPLE, [ids]).fetchall()}
        return [Person(old[id], new[id]) for id in ids if id in new]

    def claims(self, people: list[Person]) -> list[Claim]:
        """What the summary claims, checked again on the refreshed staging itself."""
        with psycopg.connect(self._dsn(self._target)) as staging:
            reachable = _scalar(
                staging,
                "select count(*) from res_partner"
                " where email <> '' and email not like '%.invalid%'",
            )
            neutral = _scalar(
                staging,
                "select count(*) from ir_config_parameter"
                " where key = 'database.is_neutralized' and lower(value) = 'true'",
            )
            base_url = _scalar(
                staging, "select value from ir_config_parameter where key = 'web.base.url'"
            )
        with psycopg.connect(self._platform.server(self._target.database.server).dsn()) as server:
            kept = _scalar(
                server,
                "select count(*) from pg_database where datname like"
                f" '{self._target.database.name}_before_%'",
            )
        masked = all(set(p.before) & set(p.after) <= {""} for p in people)
        return [
            Claim("the three people above are nobody any more", bool(people) and masked),
            Claim("no partner's e-mail in staging can be delivered", reachable == 0),
            Claim("Odoo itself shows staging as neutralized", neutral == 1),
            Claim(
                "staging calls itself by its own address",
                base_url == self._target.endpoints[0].base_url,
            ),
            Claim("the database before the refresh is kept as checkpoint", kept == 1),
        ]

    # -- places --------------------------------------------------------------------------

    def _create(self, environment: Environment) -> str:
        server = self._platform.server(environment.database.server)
        server.create_database(environment.database.name, owner=environment.database.owner)
        return self._dsn(environment)

    def _dsn(self, environment: Environment) -> str:
        return self._platform.server(environment.database.server).dsn(environment.database.name)

    def _container(self, folder: BlobFolder) -> ContainerClient:
        container = self._blobs.get_container_client(folder.container)
        with suppress(ResourceExistsError):
            container.create_container()
        return container

    @contextmanager
    def _files(self, environment: Environment) -> Iterator["FileBasket"]:
        basket = FileBasket()
        yield basket
        folder = environment.filestore
        basket.count = upload_filestore(
            self._container(folder), folder.prefix, basket.files.items()
        )


class FileBasket:
    """Files on their way into the filestore."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.count = 0

    def put(self, path: str, content: bytes) -> None:
        self.files[path] = content


def _scalar(connection: "psycopg.Connection[tuple[object, ...]]", query: str) -> object:
    row = connection.execute(query.encode()).fetchone()
    return row[0] if row else None
