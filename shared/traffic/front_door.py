"""Origins of Front Door Standard and Premium: the serving side's is enabled, the other one is not.

The one is enabled before the other is disabled, because Front Door wants one that is. Origins have
neither ETag nor tags, so the epoch is not kept there. Wire format: Microsoft.Cdn, 2024-02-01.
"""

from collections.abc import Iterator

from shared.arm import Arm
from shared.estate.traffic import FrontDoor, Side
from shared.messages.failover import EndpointChange
from shared.traffic.redirects import Redirect

VERSION = "2024-02-01"


def redirects(arm: Arm, rule: FrontDoor, side: Side) -> Iterator[Redirect]:
    """The origin that is enabled, then the one that is disabled."""
    target = rule.target(side)
    other = rule.standby if target == rule.production else rule.production
    yield _redirect(arm, rule, target, "Enabled")
    yield _redirect(arm, rule, other, "Disabled")


def _redirect(arm: Arm, rule: FrontDoor, origin: str, wanted: str) -> Redirect:
    path = (
        f"/subscriptions/{rule.subscription}/resourceGroups/{rule.resource_group}"
        f"/providers/Microsoft.Cdn/profiles/{rule.profile}"
        f"/originGroups/{rule.origin_group}/origins/{origin}"
    )
    properties = arm.read(path, VERSION)["properties"]
    place = f"Front Door {rule.profile}/{rule.origin_group}/{origin}"
    before = str(properties["enabledState"])
    change = EndpointChange(place=place, setting="enabledState", before=before, after=wanted)
    state = properties.get("provisioningState", "Succeeded")
    return Redirect(
        () if before == wanted else (change,),
        lambda _epoch: arm.write("PATCH", path, VERSION, {"properties": {"enabledState": wanted}}),
        pending=None if state == "Succeeded" else f"{place} is not rolled out: {state}",
    )
