"""How many pods a workload has, and what it remembers of before: reads and changes of its object.

Each kind of rest has an annotation of its own, so that one run's does not end another's.
"""

from typing import Literal

from shared.cluster.api import Json

BEFORE = "signalbox.dev/replicas-before"
EASED = "signalbox.dev/eased"
ASLEEP = "signalbox.dev/asleep"

State = Literal["ready", "starting", "stopped", "eased", "asleep"]


def annotations(found: Json) -> dict[str, str]:
    """An object's, or a pod template's, whose metadata may be missing."""
    metadata = found.setdefault("metadata", {})
    known: dict[str, str] = metadata.get("annotations") or {}
    metadata["annotations"] = known
    return known


def stop(found: Json, epoch: int) -> None:
    if _before(found, epoch) is None:
        annotations(found)[BEFORE] = f"{scale(found)} before epoch {epoch}"
    _rescale(found, 0)


def start(found: Json, replicas: int, epoch: int, *, as_before: bool) -> None:
    before = _before(found, epoch)
    if is_asleep(found):
        if not as_before:
            annotations(found)[ASLEEP] = str(replicas)
    elif not as_before:
        _rescale(found, replicas)
    elif before is not None:
        _rescale(found, before)


def ease(found: Json, replicas: int) -> None:
    if EASED not in annotations(found) and scale(found) > replicas:
        annotations(found)[EASED] = f"{scale(found)} to {replicas}"
        _rescale(found, replicas)


def restore_eased(found: Json) -> None:
    before, _, eased = annotations(found).pop(EASED, "").partition(" to ")
    if before and scale(found) == int(eased):
        _rescale(found, int(before))


def sleep(found: Json) -> None:
    if not is_asleep(found):
        annotations(found)[ASLEEP] = str(scale(found))
        _rescale(found, 0)


def wake(found: Json) -> None:
    slept, before = is_asleep(found), annotations(found).pop(ASLEEP, "0")
    if slept:
        _rescale(found, int(before))


def is_asleep(found: Json) -> bool:
    """Whether it was put to sleep, and nobody has scaled it since."""
    return ASLEEP in annotations(found) and scale(found) == 0


def is_ready(found: Json) -> bool:
    if found.get("kind") == "CronJob":
        return not found["spec"].get("suspend") or is_asleep(found)
    wanted, status = scale(found), found.get("status", {})
    seen = status.get("observedGeneration", 0) >= found["metadata"].get("generation", 0)
    counts = ("replicas", "readyReplicas", "updatedReplicas")
    return bool(seen) and all((status.get(count) or 0) == wanted for count in counts)


def state(found: Json) -> State:
    if is_asleep(found):
        return "asleep"
    if EASED in annotations(found):
        return "eased"
    if scale(found) == 0:
        return "stopped"
    return "ready" if is_ready(found) else "starting"


def gave_up(found: Json) -> bool:
    status = found.get("status", {})
    current = status.get("observedGeneration") == found["metadata"].get("generation")
    return current and any(
        each["type"] == "Progressing" and each.get("reason") == "ProgressDeadlineExceeded"
        for each in status.get("conditions") or ()
    )


def scale(found: Json) -> int:
    """How many pods are wanted; a CronJob that may run counts as one."""
    if found.get("kind") == "CronJob":
        return 0 if found["spec"].get("suspend") else 1
    return int(found["spec"].get("replicas", 1))


def _rescale(found: Json, replicas: int) -> None:
    if found.get("kind") == "CronJob":
        found["spec"]["suspend"] = replicas == 0
    else:
        found["spec"]["replicas"] = replicas


def _before(found: Json, epoch: int) -> int | None:
    """How many pods were wanted before this epoch first stopped the workload, if it did."""
    replicas, _, rest = annotations(found).get(BEFORE, "").partition(" ")
    return int(replicas) if rest == f"before epoch {epoch}" else None
