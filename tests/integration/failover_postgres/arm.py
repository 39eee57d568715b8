"""A small part of Azure's management plane: servers, their settings, their virtual endpoints."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.mgmt.postgresqlflexibleservers import PostgreSQLManagementClient

from tests.jsonserver import JsonServer

SUBSCRIPTION = "00000000-0000-4000-8000-000000000000"
_PATH = re.compile(
    r".*/flexibleServers/(?P<server>[^/?]+)(?:/(?P<part>\w+))?(?:/(?P<item>[^/?]+))?(?:\?.*)?$"
)


class NoToken:
    """The client insists on a credential; nothing asks it for a token."""

    def get_token(self, *_: str, **__: object) -> Any:
        raise AssertionError("no token is needed here")


class Arm(JsonServer):
    """Answers as the REST API does; ``on_promote`` is what a promotion does to the database."""

    def __init__(self, on_promote: Callable[[], None] = lambda: None) -> None:
        super().__init__()
        self.servers: dict[str, dict[str, Any]] = {}
        self.parameters: dict[str, dict[str, str]] = {}
        self.administrators: dict[str, dict[str, dict[str, str]]] = {}
        self.endpoints: dict[str, list[str]] = {}
        self.static: set[str] = set()
        """Parameters that hold only after a restart."""
        self.ordered: list[str] = []
        """What was changed, but for promotions."""
        self.promotions: list[dict[str, str]] = []
        self.refuse_with: int | None = None
        self._on_promote = on_promote

    def add(self, name: str, role: str, **properties: object) -> None:
        replica = {"role": role, "replicationState": "Active"}
        known = {"state": "Ready", "replicationRole": role, "replica": replica}
        self.servers[name] = {"name": name, "properties": known | properties}

    def client(self) -> PostgreSQLManagementClient:
        """Azure's own client, led here."""
        return PostgreSQLManagementClient(
            NoToken(),
            SUBSCRIPTION,
            base_url=self.url,
            authentication_policy=SansIOHTTPPolicy(),
            retry_backoff_factor=0,
        )

    def answer(
        self,
        verb: str,
        path: str,
        headers: Mapping[str, str],  # noqa: ARG002
        body: Any,
    ) -> tuple[int, dict[str, Any]]:
        found = _PATH.match(path)
        server = self.servers.get(found["server"]) if found else None
        if found is None or server is None:
            return 404, {"error": {"code": "ResourceNotFound", "message": "not found"}}
        if self.refuse_with is not None and (verb != "GET" or self.refuse_with != 409):
            return self.refuse_with, {"error": {"code": "Refused", "message": "refused"}}
        if verb == "GET":
            return 200, self._read(found["server"], found["part"])
        self._change(found["server"], found["part"], found["item"], body["properties"])
        return 202, {}

    def _change(self, server: str, part: str | None, item: str, wanted: dict[str, Any]) -> None:
        if part == "configurations":
            self.parameters.setdefault(server, {})[item] = wanted["value"]
        elif part == "administrators":
            self.administrators.setdefault(server, {})[item] = wanted
        elif "replica" in wanted:
            self.promotions.append(wanted["replica"])
            self.servers[server]["properties"]["replica"]["replicationState"] = "Reconfiguring"
            self._on_promote()
            return
        else:
            self.servers[server]["properties"] |= wanted
        self.ordered.append(item or next(iter(wanted)))

    def _read(self, server: str, part: str | None) -> dict[str, Any]:
        if part is None:
            return self.servers[server]
        if part == "configurations":
            items = [
                {
                    "name": name,
                    "properties": {
                        "value": value,
                        "source": "user-override",
                        "isConfigPendingRestart": name in self.static,
                    },
                }
                for name, value in self.parameters.get(server, {}).items()
            ]
            default = {"value": "100", "source": "system-default"}
            return {"value": [*items, {"name": "max_connections", "properties": default}]}
        if part == "administrators":
            known = self.administrators.get(server, {})
            return {
                "value": [{"properties": each | {"objectId": id}} for id, each in known.items()]
            }
        members = self.endpoints.get(server)
        pair = {"endpointType": "ReadWrite", "members": members}
        return {"value": [{"name": "erp", "properties": pair}] if members else []}
