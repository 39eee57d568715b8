"""How a released image gets to an environment's workloads."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from shared.estate.entry import EstateModel, Name
from shared.estate.references import SecretReference


class ByImage(EstateModel):
    """Written into the workloads, which nobody else owns."""

    kind: Literal["image"] = "image"


class ByGit(EstateModel):
    """Committed to a Git repository that something else applies."""

    kind: Literal["git"]

    repository: str = Field(
        pattern=r"^(https://[^@\s]+|http://(localhost|127\.0\.0\.1)[:/][^@\s]*)$"
    )
    """Its URL, without a user or a password."""
    branch: str = Field(default="main", pattern=r"^[\w][\w./-]*$")
    """The branch that is applied."""
    path: str = Field(pattern=r"^[\w.-]+(/[\w.-]+)*$")
    """The file in it that names the image by its digest."""
    user: str = "signalbox"
    """Whom the token is of; hosts that only look at the token take any name."""
    token: SecretReference | None = None
    """Where the token is kept that may push there."""


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
