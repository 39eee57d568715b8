"""CronJobs: the schedule is kept, not followed; an annotation says when one fires."""

from infra.local.kubernetes.api import Api
from infra.local.kubernetes.objects import Target, timestamp, without
from infra.local.kubernetes.pods import BY_CONTROLLER, owner_reference
from infra.local.kubernetes.resources import Resource
from infra.local.kubernetes.status import Json

ANNOTATION = "signalbox.local/fire"
"""Put it on a CronJob, with any value, to do what its schedule would do now."""

_JOBS = Resource("batch", "v1", "jobs", "Job", subresources=("status",))


class CronJobController:
    """Starts a Job when the annotation appears and takes it off; suspended ones start none."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def forget(self, cron_job: Json) -> None:
        """Nothing is kept beside the object."""

    def reconcile(self, target: Target, cron_job: Json) -> None:
        metadata = cron_job["metadata"]
        annotations = metadata.get("annotations", {})
        if ANNOTATION not in annotations:
            return
        left = {"annotations": without(annotations, ANNOTATION)}
        self._api.replace(target, cron_job | {"metadata": metadata | left}, BY_CONTROLLER)
        if not cron_job["spec"]["suspend"]:
            self._fire(target, cron_job)

    def _fire(self, target: Target, cron_job: Json) -> None:
        self._api.create(Target(_JOBS, target.namespace), _job_of(cron_job), BY_CONTROLLER)
        status = cron_job["status"] | {"lastScheduleTime": timestamp()}
        self._api.set_status(target, status)


def _job_of(cron_job: Json) -> Json:
    template = cron_job["spec"]["jobTemplate"]
    metadata = template.get("metadata", {}) | {
        "generateName": cron_job["metadata"]["name"] + "-",
        "ownerReferences": [owner_reference(cron_job)],
    }
    return {"metadata": metadata, "spec": template["spec"]}
