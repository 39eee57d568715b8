"""CronJobs: the schedule is kept, not followed; a test or a person says when one fires."""

from infra.local.kubernetes.api import Api
from infra.local.kubernetes.objects import Target, timestamp
from infra.local.kubernetes.pods import BY_CONTROLLER, owner_reference
from infra.local.kubernetes.resources import Resource
from infra.local.kubernetes.status import Json

_CRON_JOBS = Resource("batch", "v1", "cronjobs", "CronJob", subresources=("status",))
_JOBS = Resource("batch", "v1", "jobs", "Job", subresources=("status",))


def fire(api: Api, namespace: str, name: str) -> str | None:
    """Do what the schedule would do now; returns the Job's name, None if suspended."""
    target = Target(_CRON_JOBS, namespace, name)
    with api.store.lock:
        cron_job = api.get(target)
        if cron_job["spec"]["suspend"]:
            return None
        job = api.create(Target(_JOBS, namespace), _job_of(cron_job), BY_CONTROLLER)
        api.set_status(target, cron_job.get("status", {}) | {"lastScheduleTime": timestamp()})
    created: str = job["metadata"]["name"]
    return created


def _job_of(cron_job: Json) -> Json:
    template = cron_job["spec"]["jobTemplate"]
    metadata = template.get("metadata", {}) | {
        "generateName": cron_job["metadata"]["name"] + "-",
        "ownerReferences": [owner_reference(cron_job)],
    }
    return {"metadata": metadata, "spec": template["spec"]}
