"""Status conditions, which remember when they last changed."""

from infra.local.kubernetes.objects import timestamp
from infra.local.kubernetes.status import Json


def condition(status: Json, kind: str, value: bool, reason: str, message: str = "") -> Json:
    """A condition as of now; what ``status`` says of the same kind tells since when."""
    before: Json = next((c for c in status.get("conditions", ()) if c["type"] == kind), {})
    unchanged = before.get("status") == str(value)
    same = unchanged and before.get("reason", "") == reason
    now = timestamp()
    return {
        "type": kind,
        "status": str(value),
        "reason": reason,
        "message": message,
        "lastUpdateTime": before["lastUpdateTime"] if same else now,
        "lastTransitionTime": before["lastTransitionTime"] if unchanged else now,
    }


def holds(status: Json, *kinds: str) -> bool:
    """Whether one of the conditions is true."""
    conditions = status.get("conditions", ())
    return any(c["type"] in kinds and c["status"] == "True" for c in conditions)


def without_zeros(status: Json) -> Json:
    """Leave out numbers that are zero, as the real API does: clients then see None."""
    return {name: value for name, value in status.items() if value != 0 or name == "instances"}
