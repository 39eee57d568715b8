"""What Azure says, in Signalbox's own words, by the rules of the estate."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from shared.errors import explain
from shared.estate import Estate, Reference
from shared.messages import CloudEvent
from shared.runs.reading import ALERT, Unacceptable

BLOB = re.compile(r"/blobServices/default/containers/([^/]+)/blobs/(.+)")
MANIFEST = "manifest.json"
"""The file that a backup ends with; what is in it is checked by the run."""


@dataclass(frozen=True)
class Claim:
    """Something happened to an environment, somebody else says."""

    type: str
    environment: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def data(self) -> dict[str, Any]:
        return {"environment": self.environment, **self.facts}


@dataclass(frozen=True)
class Translation:
    """What an event of Azure stands for; without claims ``silent`` says why for nothing."""

    claims: tuple[Claim, ...]
    silent: str

    @classmethod
    def of(cls, claims: Iterator[Claim], silent: str) -> "Translation":
        return cls(tuple(claims), silent)


def translate(event: CloudEvent, estate: Estate) -> Translation | None:
    """The meaning of an event of Azure; None for all others. Raises Unacceptable."""
    translator = TRANSLATORS.get(event.type)
    if translator is None:
        foreign = event.type.startswith("Microsoft.")
        return Translation((), f"nothing here reacts to {event.type[:200]}") if foreign else None
    try:
        return translator(event, estate)
    except ValidationError as error:
        raise Unacceptable(f"data of {event.type}: {explain(error)}") from None


# -- storage -------------------------------------------------------------------------------------


class BlobCreated(BaseModel):
    contentLength: int | None = None  # noqa: N815 - Azure's name


def _backup(event: CloudEvent, estate: Estate) -> Translation:
    created = BlobCreated.model_validate(event.data)
    place = BLOB.fullmatch(event.subject or "")
    if place is None:
        raise Unacceptable(f"{event.type}: the subject names no blob")
    container, path = place.groups()
    if path.rpartition("/")[2] != MANIFEST:
        return Translation((), f"the blob is no {MANIFEST}, which completes a backup")
    if created.contentLength == 0:  # a data lake announces a file before it is written
        return Translation((), "the manifest is empty as yet")
    return Translation.of(
        (
            Claim("backup-completed", environment.name, {"manifest": f"{container}/{path}"})
            for environment in estate.environments
            if environment.backups
            and environment.backups.container == container
            and path.startswith(environment.backups.prefix)
        ),
        "no environment of the estate has its backups there",
    )


# -- images --------------------------------------------------------------------------------------


class Image(BaseModel):
    repository: str
    tag: str = ""
    digest: str = ""


class PushRequest(BaseModel):
    host: str = ""


class ImagePushed(BaseModel):
    target: Image
    request: PushRequest = PushRequest()

    @property
    def promoted(self) -> dict[str, Any]:
        """By digest: the tag may lead to another image by the time that it is deployed."""
        repository = "/".join(filter(None, (self.request.host, self.target.repository)))
        image = f"{repository}@{self.target.digest}"
        return {"image": image, "release": self.target.tag or self.target.digest}


def _release(event: CloudEvent, estate: Estate) -> Translation:
    pushed = ImagePushed.model_validate(event.data)
    image = pushed.target
    return Translation.of(
        (
            Claim("release-promoted", rule.environment, pushed.promoted)
            for rule in estate.azure.images
            if _fits(image.repository, rule.repository) and _fits(image.tag, rule.tag)
        ),
        "no rule under azure.images of the estate fits this repository and tag",
    )


# -- secrets -------------------------------------------------------------------------------------


class NearExpiry(BaseModel):
    vault: str = Field(alias="VaultName")
    name: str = Field(alias="ObjectName")


def _expiry(event: CloudEvent, estate: Estate) -> Translation:
    near = NearExpiry.model_validate(event.data)
    secret = Reference("keyvault", f"{near.vault}/{near.name}")
    servers = {server.name for server in estate.servers if server.url == secret}
    return Translation.of(
        (
            Claim("secret-near-expiry", environment.name, {"secret": str(secret)})
            for environment in estate.environments
            if environment.database.server in servers
            or estate.masking_key == secret
            or (environment.rotation and environment.rotation.secret == secret)
        ),
        "nothing in the estate refers to this secret",
    )


def _certificate(event: CloudEvent, estate: Estate) -> Translation:
    near = NearExpiry.model_validate(event.data)
    place = f"{near.vault}/{near.name}"
    return Translation.of(
        (
            Claim("certificate-near-expiry", environment.name)
            for environment in estate.environments
            if environment.certificate and environment.certificate.keyvault == place
        ),
        "no environment of the estate has this certificate",
    )


# -- health --------------------------------------------------------------------------------------


class Availability(BaseModel):
    target: str = Field(alias="targetResourceId")
    since: str | None = Field(default=None, alias="occurredTime")
    state: str = Field(alias="availabilityState")


class Resource(BaseModel):
    properties: Availability


class AvailabilityChanged(BaseModel):
    resource: Resource = Field(alias="resourceInfo")


def _health(event: CloudEvent, estate: Estate) -> Translation:
    health = AvailabilityChanged.model_validate(event.data).resource.properties
    if health.state != "Unavailable":
        return Translation((), "the resource is not unavailable: nothing speaks for an outage")
    return Translation.of(
        (
            Claim("region-degraded", rule.environment, _vote(health))
            for rule in estate.azure.health
            if _fits(health.target, rule.resource)
        ),
        "no rule under azure.health of the estate fits this resource",
    )


def _vote(health: Availability) -> dict[str, Any]:
    reason = f"Azure Resource Health: {health.target} is unavailable"
    return {"azure_says": "down", "reason": reason, "since": health.since}


# -- alerts --------------------------------------------------------------------------------------


class Alert(BaseModel):
    """The essentials of the common alert schema."""

    rule: str = Field(alias="alertRule")
    condition: str = Field(alias="monitorCondition")
    targets: tuple[str, ...] = Field(alias="alertTargetIDs")
    fired: str | None = Field(default=None, alias="firedDateTime")


def _alert(event: CloudEvent, estate: Estate) -> Translation:
    alert = Alert.model_validate(event.data)
    if alert.condition not in ("Fired", "Resolved"):
        raise Unacceptable("monitorCondition: Fired or Resolved is expected")
    return Translation.of(
        _alert_claims(alert, estate),
        f"no rule under azure.alerts of the estate gives a meaning to this alert being"
        f" {alert.condition.lower()}",
    )


def _alert_claims(alert: Alert, estate: Estate) -> Iterator[Claim]:
    for rule in estate.azure.alerts:
        kind = rule.fired if alert.condition == "Fired" else rule.resolved
        meant = _fits(alert.rule, rule.rule) and any(_fits(t, rule.target) for t in alert.targets)
        if kind and meant:
            said = f"alert {alert.rule} of Azure Monitor {alert.condition.lower()}"
            yield Claim(kind, rule.environment, {"reason": said, "since": alert.fired})


def _fits(text: str, pattern: str) -> bool:
    return fnmatchcase(text.lower(), pattern.lower().replace("[", "[[]"))


TRANSLATORS: Mapping[str, Callable[[CloudEvent, Estate], Translation]] = {
    "Microsoft.Storage.BlobCreated": _backup,
    "Microsoft.ContainerRegistry.ImagePushed": _release,
    "Microsoft.KeyVault.SecretNearExpiry": _expiry,
    "Microsoft.KeyVault.CertificateNearExpiry": _certificate,
    "Microsoft.ResourceNotifications.HealthResources.AvailabilityStatusChanged": _health,
    ALERT: _alert,
}
