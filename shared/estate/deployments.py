"""How a released image gets to an environment's workloads."""

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from shared.estate.entry import EstateModel, Name
from shared.estate.references import SecretReference

_URL = (
    r"^(https://[^@\s]+|http://(localhost|127\.0\.0\.1)[:/][^@\s]*"
    r"|ssh://[\w.-]+@[\w.-]+(:\d+)?/\S+)$"
)

HostKey = Annotated[
    str,
    Field(pattern=r"^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]+={0,2}$"),
]


def _known_url(url: str) -> str:
    if not re.fullmatch(_URL, url):
        raise ValueError(
            "write https://host/fleet.git, without a user or a password, or, for what Git also "
            "calls git@host:fleet.git, ssh://git@host/fleet.git"
        )
    return url


class ByImage(EstateModel):
    """Written into the workloads, which nobody else owns."""

    kind: Literal["image"] = "image"


class ByGit(EstateModel):
    """Committed to a Git repository that something else applies."""

    kind: Literal["git"]

    repository: Annotated[str, AfterValidator(_known_url)] = Field(
        json_schema_extra={"pattern": _URL}
    )
    """Its URL: ``https`` without a user or a password, or ``ssh://git@host/path``."""
    branch: str = Field(default="main", pattern=r"^[\w][\w./-]*$")
    """The branch that is applied."""
    path: str = Field(pattern=r"^[\w.-]+(/[\w.-]+)*$")
    """The file in it that names the image by its digest."""
    user: str = "signalbox"
    """Whom the token is of; hosts that only look at the token take any name."""
    token: SecretReference | None = None
    """Where the token is kept that may push there, over https."""

    key: SecretReference | None = None
    """Where the private key is kept that may push there, over ssh: a deploy key of that repository,
    without a passphrase."""

    host_keys: tuple[HostKey, ...] = ()
    """The host's public keys, as in ``known_hosts`` but without its name; no other host is believed
    over ssh."""

    @model_validator(mode="after")
    def _ways_in(self) -> Self:
        over_ssh = self.repository.startswith("ssh:")
        if over_ssh and (self.token or not self.key or not self.host_keys):
            raise ValueError("a repository over ssh needs key and host_keys, and has no token")
        if not over_ssh and (self.key or self.host_keys):
            raise ValueError("key and host_keys are for a repository whose URL is ssh://git@...")
        return self


class ByArgoCd(EstateModel):
    """Set in an Application of Argo CD, which syncs it."""

    kind: Literal["argo-cd"]

    application: Name
    """The Application; it has one ``source``."""
    namespace: Name = "argocd"
    """Its namespace."""
    cluster: Name | None = None
    """The Kubernetes cluster that has it; None: the environment's own."""
    helm_parameter: str | None = None
    """The Helm parameter that gets the digest; None: an image of Kustomize."""


class ByFlux(EstateModel):
    """Set in a Kustomization or HelmRelease of Flux, which reconciles it."""

    kind: Literal["flux"]

    resource: Literal["Kustomization", "HelmRelease"] = "Kustomization"
    """What is set: ``spec.images`` of the one, a value of the other."""
    name: Name
    """Its name."""
    namespace: Name = "flux-system"
    """Its namespace."""
    cluster: Name | None = None
    """The Kubernetes cluster that has it; None: the environment's own."""
    value: str | None = Field(default=None, pattern=r"^\w+(\.\w+)*$")
    """Which value of a HelmRelease gets the digest: ``image.digest``."""

    @model_validator(mode="after")
    def _value_of_a_release(self) -> Self:
        if (self.value is None) == (self.resource == "HelmRelease"):
            raise ValueError("a HelmRelease needs value, such as image.digest; nothing else has it")
        return self


Deploy = Annotated[ByImage | ByGit | ByArgoCd | ByFlux, Field(discriminator="kind")]
