"""How a test makes a rollout fail."""

from enum import StrEnum

from infra.local.kubernetes.status import Json

ANNOTATION = "signalbox.local/rollout"
"""Put it on a workload or its Pod template (values: Failure), or on an Argo Application."""


class Failure(StrEnum):
    """What the annotation asks for."""

    CRASH_LOOP = "CrashLoop"
    """New Pods start and crash; the rollout fails after ``progressDeadlineSeconds``."""

    PROGRESS_DEADLINE_EXCEEDED = "ProgressDeadlineExceeded"
    """New Pods never start, and the rollout fails without waiting for its deadline."""


def failure_of(obj: Json) -> Failure | None:
    """The failure that an object, or the Pod template in it, is annotated with."""
    template = obj.get("spec", {}).get("template")
    for carrier in (obj, template):
        metadata = carrier.get("metadata", {}) if isinstance(carrier, dict) else {}
        asked = metadata.get("annotations", {}).get(ANNOTATION)
        if asked in set(Failure):
            return Failure(asked)
    return None
