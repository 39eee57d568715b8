"""Endpoints of a Traffic Manager profile: the serving side's is enabled, the other one is not.

Both are written at once, with the profile, whose tags keep the run's epoch; profiles have no ETag.
Wire format: Microsoft.Network/trafficmanagerprofiles, 2022-04-01.
"""

import copy
from collections.abc import Iterator

from shared.arm import Arm, Json
from shared.estate.traffic import Side, TrafficManager
from shared.messages.failover import EndpointChange
from shared.traffic.redirects import EPOCH, Redirect, RuleUnfit, refuse_older

VERSION = "2022-04-01"


def redirects(arm: Arm, rule: TrafficManager, side: Side) -> Iterator[Redirect]:
    """The profile."""
    place, path = f"Traffic Manager {rule.profile}", _path(rule)
    found = arm.read(path, VERSION)
    wanted = {
        name: "Enabled" if name == rule.target(side) else "Disabled"
        for name in (rule.production, rule.standby)
    }
    changes = tuple(_changes(found, place, wanted))

    def write(epoch: int) -> None:
        labels = found.get("tags") or {}
        refuse_older(place, labels, epoch)
        changed = copy.deepcopy(found) | {"tags": labels | {EPOCH: str(epoch)}}
        for endpoint in _endpoints(changed, wanted):
            endpoint["properties"]["endpointStatus"] = wanted[endpoint["name"]]
        arm.write("PUT", path, VERSION, changed)

    yield Redirect(changes, write)


def _path(rule: TrafficManager) -> str:
    return (
        f"/subscriptions/{rule.subscription}/resourceGroups/{rule.resource_group}"
        f"/providers/Microsoft.Network/trafficmanagerprofiles/{rule.profile}"
    )


def _changes(found: Json, place: str, wanted: dict[str, str]) -> Iterator[EndpointChange]:
    known = {
        each["name"]: each["properties"]["endpointStatus"] for each in _endpoints(found, wanted)
    }
    for name, after in wanted.items():
        if name not in known:
            raise RuleUnfit(f"{place} has no endpoint {name}: check the names in the estate")
        if known[name] != after:
            yield EndpointChange(
                place=f"{place}/{name}", setting="endpointStatus", before=known[name], after=after
            )


def _endpoints(found: Json, wanted: dict[str, str]) -> list[Json]:
    return [each for each in found["properties"]["endpoints"] if each["name"] in wanted]
