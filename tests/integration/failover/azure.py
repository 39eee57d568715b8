"""The part of Azure's management plane that leads users: a zone, a Front Door, a profile."""

import copy
from collections.abc import Mapping
from typing import Any

from azure.core.pipeline.policies import SansIOHTTPPolicy
from pydantic import TypeAdapter

from shared.arm import Arm
from shared.estate.traffic import TrafficRule
from shared.traffic import Traffic
from tests.jsonserver import JsonServer

GROUP = "/subscriptions/00000000-0000-4000-8000-000000000000/resourceGroups/net/providers"
RECORD = f"{GROUP}/Microsoft.Network/dnsZones/acme.example/A/erp"
ALIAS = f"{GROUP}/Microsoft.Network/dnsZones/acme.example/CNAME/shop"
PROFILE = f"{GROUP}/Microsoft.Network/trafficmanagerprofiles/erp"
ORIGINS = f"{GROUP}/Microsoft.Cdn/profiles/acme/originGroups/erp/origins"

_RULES = TypeAdapter(tuple[TrafficRule, ...])
_PLACE = {"subscription": "00000000-0000-4000-8000-000000000000", "resource_group": "net"}
_SIDES = {"production": "west", "standby": "north"}
_DNS = _PLACE | {"kind": "azure-dns", "zone": "acme.example"}

RULES: dict[str, dict[str, Any]] = {
    "address": _DNS
    | {"hosts": ["erp.acme.example"], "production": "192.0.2.1", "standby": "192.0.2.2"},
    "alias": _DNS
    | {"hosts": ["shop.acme.example"], "production": "west.example", "standby": "north.example"},
    "profile": _PLACE
    | _SIDES
    | {"kind": "traffic-manager", "hosts": ["erp.acme.example"], "profile": "erp"},
    "origins": _PLACE
    | _SIDES
    | {
        "kind": "front-door",
        "hosts": ["erp.acme.example"],
        "profile": "acme",
        "origin_group": "erp",
    },
}


class AzureNetwork(JsonServer):
    """Answers as the REST API does: documents by their path, versions, slow roll-outs."""

    def __init__(self, *, slow: bool = False) -> None:
        super().__init__()
        self.slow = slow
        """Whether Front Door is done with a change only after it was looked at."""
        self.stubborn = False
        """Whether what was written is written back by somebody."""
        self.refuse_with: dict[str, int] = {}
        """Status by verb and path."""
        self.written: list[str] = []
        self.asked = 0
        self.documents: dict[str, dict[str, Any]] = {
            RECORD: _record(ARecords=[{"ipv4Address": "192.0.2.1"}]),
            ALIAS: _record(CNAMERecord={"cname": "west.example"}),
            PROFILE: {
                "location": "global",
                "tags": {"team": "erp"},
                "properties": {
                    "trafficRoutingMethod": "Priority",
                    "endpoints": [_endpoint("west", "Enabled"), _endpoint("north", "Disabled")],
                },
            },
            f"{ORIGINS}/west": _origin("Enabled"),
            f"{ORIGINS}/north": _origin("Disabled"),
        }

    def traffic(self, *rules: str) -> Traffic:
        """The resource with some of ``RULES``, led here."""
        known = _RULES.validate_python([RULES[rule] for rule in rules])
        return Traffic(known, Arm(self.url, SansIOHTTPPolicy()))

    def answer(
        self, verb: str, path: str, headers: Mapping[str, str], body: Any
    ) -> tuple[int, dict[str, Any]]:
        path, _, query = path.partition("?api-version=")
        found = self.documents.get(path)
        status = self.refuse_with.get(f"{verb} {path}", 200 if query and found else 404)
        self.asked += 1
        if found is None or status != 200:
            return status, {"error": {"code": "Refused", "message": "refused"}}
        if verb == "GET":
            seen = copy.deepcopy(found)
            found["properties"]["provisioningState"] = "Succeeded"
            return 200, seen
        if headers.get("If-Match", found.get("etag")) != found.get("etag"):
            return 412, {"error": {"code": "PreconditionFailed", "message": "etag"}}
        self.written.append(path)
        return (200, found) if self.stubborn else self._write(verb, found, body)

    def _write(self, verb: str, found: dict[str, Any], body: Any) -> tuple[int, dict[str, Any]]:
        if verb == "PUT":
            found |= body
            if "etag" in found:
                found["etag"] += "'"
            return 200, found
        state = "Updating" if self.slow else "Succeeded"
        found["properties"] |= body["properties"] | {"provisioningState": state}
        return 202, {}

    @property
    def origins(self) -> dict[str, str]:
        return {
            name: self.documents[f"{ORIGINS}/{name}"]["properties"]["enabledState"]
            for name in ("west", "north")
        }

    @property
    def endpoints(self) -> dict[str, str]:
        found = self.documents[PROFILE]["properties"]["endpoints"]
        return {each["name"]: each["properties"]["endpointStatus"] for each in found}


def _record(**record: Any) -> dict[str, Any]:
    known = {"TTL": 60, "fqdn": "x.", "provisioningState": "Succeeded", "targetResource": {}}
    return {"etag": "v", "properties": known | record}


def _endpoint(name: str, status: str) -> dict[str, Any]:
    kind = "Microsoft.Network/trafficManagerProfiles/externalEndpoints"
    return {"name": name, "type": kind, "properties": {"endpointStatus": status, "weight": 1}}


def _origin(state: str) -> dict[str, Any]:
    return {"properties": {"enabledState": state, "provisioningState": "Succeeded", "weight": 50}}
