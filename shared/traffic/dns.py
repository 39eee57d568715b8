"""Record sets of Azure DNS.

Each is written at exactly the version that was read (``If-Match``) and keeps the run's epoch in its
metadata. Wire format: Microsoft.Network/dnsZones, 2018-05-01.
"""

from collections.abc import Iterator

from shared.arm import Arm, Json
from shared.estate.traffic import AzureDns, Side
from shared.messages.failover import EndpointChange
from shared.traffic.redirects import EPOCH, Redirect, RuleUnfit, refuse_older

VERSION = "2018-05-01"


def redirects(arm: Arm, rule: AzureDns, side: Side) -> Iterator[Redirect]:
    """One per host name."""
    for host in rule.hosts:
        yield _redirect(arm, rule, host, rule.target(side))


def _redirect(arm: Arm, rule: AzureDns, host: str, target: str) -> Redirect:
    path = _path(rule, host)
    found = arm.read(path, VERSION)
    properties: Json = found["properties"]
    place, ttl = f"DNS {host}", properties["TTL"]
    if alias := (properties.get("targetResource") or {}).get("id"):
        raise RuleUnfit(
            f"{place} is an alias of {alias}: make it a record set of its own, or describe what it "
            "is an alias of"
        )
    labels: dict[str, str] = properties.get("metadata") or {}
    before = _value(properties)

    def write(epoch: int) -> None:
        refuse_older(place, labels, epoch)
        body = {"TTL": ttl, "metadata": labels | {EPOCH: str(epoch)}} | _record(rule, target)
        arm.write("PUT", path, VERSION, {"properties": body}, if_match=found["etag"])

    if before == target:
        return Redirect((), write)
    setting = f"{rule.record_type}, remembered by resolvers for {ttl} s"
    return Redirect(
        (EndpointChange(place=place, setting=setting, before=before, after=target),), write
    )


def _path(rule: AzureDns, host: str) -> str:
    name = host.removesuffix(rule.zone).removesuffix(".") or "@"
    return (
        f"/subscriptions/{rule.subscription}/resourceGroups/{rule.resource_group}"
        f"/providers/Microsoft.Network/dnsZones/{rule.zone}/{rule.record_type}/{name}"
    )


def _value(properties: Json) -> str:
    addresses = [record["ipv4Address"] for record in properties.get("ARecords") or ()]
    alias: str = (properties.get("CNAMERecord") or {}).get("cname", "")
    return ", ".join(addresses) or alias


def _record(rule: AzureDns, target: str) -> Json:
    if rule.record_type == "A":
        return {"ARecords": [{"ipv4Address": target}]}
    return {"CNAMERecord": {"cname": target}}
