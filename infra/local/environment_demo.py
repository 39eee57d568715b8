"""An environment on request on this machine: asked for, used, ended, and nothing of it left."""

from base64 import b64decode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from azure.storage.blob import BlobServiceClient

from infra.local.demo import Claim, Demo
from infra.local.platform import ROOT, Platform
from infra.local.processes import wait_until
from shared.bus.servicebus import ServiceBus
from shared.cluster import ObjectMissing
from shared.cluster.api import Api
from shared.ledger import Ledger
from shared.ledger.environments import EnvironmentsOnRequest, OnRequest
from shared.messages import CloudEvent
from shared.messages.environments import EnvironmentRequested
from shared.runs.publishing import publish

FOLDER: Path = ROOT / ".local" / "environment"
OFFER, NAME = "qa-small", "ana-fix"
REMOVED_BY = "/signalbox/environments"
"""The source of the event that ends it."""
LIVES = timedelta(seconds=20)

IDENTITY = """
    select (select value from ir_config_parameter where key = 'database.uuid'),
           (select value from ir_config_parameter where key = 'web.base.url'),
           (select count(*) from res_partner)
"""
LET_IN = """
    select rolname from pg_roles
    where not rolsuper and rolcanlogin and has_database_privilege(rolname, %s, 'connect')
"""
LEFT = """
    select datname from pg_database where starts_with(datname, %(name)s)
    union all select rolname from pg_roles where starts_with(rolname, %(name)s)
"""
GUARDS = ("ResourceQuota", "LimitRange", "NetworkPolicy")


class EnvironmentDemo:
    """The acts of the demo, on a platform that runs; each may be called once, in this order."""

    def __init__(self, platform: Platform, ledger: Ledger) -> None:
        self._platform = platform
        self._refresh = Demo(platform)
        self._on_request = EnvironmentsOnRequest(ledger)
        self._api = Api(platform.kubernetes_url)
        estate = platform.estate
        offer = estate.offer(OFFER)
        self._source = estate.environment(offer.source)
        self._place = offer.environment(NAME, self._source)

    def close(self) -> None:
        self._refresh.close()

    def refresh(self, partners: int, say: Callable[[str], None]) -> CloudEvent:
        """A sample ERP as production, and the event of its backup, which refreshes staging."""
        self._refresh.make_production(None, None, partners, say)
        return self._refresh.publish(self._refresh.take_backup())

    def request(self) -> CloudEvent:
        """Ask for an environment that lives for some seconds."""
        now = datetime.now(UTC)
        wanted = EnvironmentRequested(
            environment=NAME, offer=OFFER, hours=LIVES / timedelta(hours=1), requested_by="ana"
        )
        event = CloudEvent.of(wanted, id=f"{NAME}-{now:%H%M%S}", source="/ana", time=now)
        bus = ServiceBus.connect(self._platform.settings["ServiceBus"])
        try:
            publish(bus, event)
        finally:
            bus.close()
        return event

    def claims_while_open(self) -> list[Claim]:
        """What people have, looked up from outside of the run."""
        database = self._place.database.name
        with psycopg.connect(self._login()) as theirs, self._administer("acme_staging") as staging:
            own, other = _row(theirs, IDENTITY), _row(staging, IDENTITY)
            self._staging = other
            roles = [role for (role,) in staging.execute(LET_IN, [database]).fetchall()]
        guards = [self._is_there(kind, "signalbox") for kind in GUARDS]
        return [
            Claim("its own role reads as many partners as staging has", own[2] == other[2] > 0),
            Claim("no other role may connect to it", roles == [self._place.database.owner]),
            Claim(
                "it calls itself by its own address, and is another Odoo than staging",
                own[1] == self._place.endpoints[0].base_url and own[0] != other[0],
            ),
            Claim("its namespace has a quota, limits and a network policy", all(guards)),
            Claim("the route leads there", self._is_there("IngressRoute", self._place.route)),
        ]

    def wait_for_its_end(self) -> OnRequest:
        """Until upkeep has asked for its removal; nobody else does."""
        made = self._on_request.named(NAME).id
        wait_until(
            lambda: self._on_request.of(made).expired_at is not None,
            seconds=90,
            waiting_for="the end of its time",
        )
        return self._on_request.of(made)

    def claims_at_the_end(self, ended: OnRequest) -> list[Claim]:
        """That people were reminded, and that nothing is left."""
        reminded = ended.reminded_at is not None and ended.reminded_at < ended.expires_at
        namespace = self._is_there("Namespace", self._place.namespace)
        with self._administer("postgres") as server:
            named = {"name": self._place.database.name}
            left = server.execute(LEFT, named).fetchall()
        with self._administer("acme_staging") as staging:
            unchanged = _row(staging, IDENTITY) == self._staging
        return [
            Claim("people were reminded before its end", reminded),
            Claim("its namespace is gone, with all that was in it", not namespace),
            Claim("neither a database nor a role of it is on the server", not left),
            Claim("no file of it is in blob storage", not self._files()),
            Claim("staging has the identity, address and partners that it had", unchanged),
        ]

    # -- places --------------------------------------------------------------------------

    def _administer(self, database: str) -> "psycopg.Connection[Any]":
        return psycopg.connect(self._platform.server(self._source.database.server).dsn(database))

    def _login(self) -> str:
        secret = self._api.read("Secret", self._place.namespace, self._place.database_secret)
        return b64decode(secret["data"]["url"]).decode()

    def _is_there(self, kind: str, name: str) -> bool:
        place = "" if kind == "Namespace" else self._place.namespace
        try:
            self._api.read(kind, place, name)
        except ObjectMissing:
            return False
        return True

    def _files(self) -> list[str]:
        folder = self._place.filestore
        account = self._platform.settings["SIGNALBOX_BLOBS"]
        with BlobServiceClient.from_connection_string(account) as service:
            container = service.get_container_client(folder.container)
            return [blob.name for blob in container.list_blobs(folder.prefix)]


def _row(connection: "psycopg.Connection[Any]", query: str) -> tuple[Any, ...]:
    [row] = connection.execute(query.encode()).fetchall()
    return tuple(row)
