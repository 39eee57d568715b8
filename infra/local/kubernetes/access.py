"""Reviews: who the one user of this API is, and what it may do."""

from collections.abc import Collection

from pydantic import BaseModel, ConfigDict, Field

from infra.local.kubernetes.status import Json

PATH = ("apis", "authorization.k8s.io", "v1", "selfsubjectaccessreviews")
IDENTITY_PATH = ("apis", "authentication.k8s.io", "v1", "selfsubjectreviews")
IDENTITY = "system:serviceaccount:signalbox:signalbox"


class ResourceAttributes(BaseModel):
    """A verb on a resource; more than we look at is allowed."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    verb: str
    resource: str
    group: str = ""
    subresource: str = ""

    def __str__(self) -> str:
        resource = f"{self.resource}/{self.subresource}".rstrip("/")
        return f"{self.verb} {resource}.{self.group}".rstrip(".")


class Specification(BaseModel):
    attributes: ResourceAttributes = Field(alias="resourceAttributes")


class AccessReview(BaseModel):
    spec: Specification


def reviewed(body: Json, review: AccessReview, denied: Collection[str]) -> Json:
    """The review with its answer; ``denied`` are verbs on resources: ``get pods/log``."""
    attributes = review.spec.attributes
    allowed = str(attributes) not in denied
    reason = "" if allowed else f"the emulator was told to deny: {attributes}"
    return body | {"metadata": {}, "status": {"allowed": allowed, "reason": reason}}


def identified(body: Json) -> Json:
    """The review with who is asking."""
    return body | {"metadata": {}, "status": {"userInfo": {"username": IDENTITY}}}
