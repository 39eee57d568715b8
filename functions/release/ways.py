"""Telling whoever owns the workloads what they are to run: a Git repository, Argo CD, Flux."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import Any, Protocol

from functions.release.places import Place
from shared.cluster import Cluster, Clusters
from shared.estate import Secrets
from shared.estate.deployments import ByArgoCd, ByFlux, ByGit
from shared.gitops.slots import (
    as_named,
    kind_of,
    name_of,
    named_in,
    set_slot,
    slot,
    with_image,
)
from shared.gitops.standing import waits
from shared.runs import Run


class Way(Protocol):
    """Somebody else's description of what the workloads are to run."""

    def before(self, image: str) -> Any:
        """What stands where the image is to stand, as JSON; it goes into the checkpoint."""

    def write(self, image: str, before: Any, release: str) -> str:
        """Set the image; repeating it changes nothing. Returns what to tell people."""

    def put_back(self, image: str, before: Any, release: str) -> None:
        """Set what stood there, unless somebody has set another image since."""

    def waits(self) -> str | None:
        """Why it is not applied yet. Raises NotDeployed when it cannot be."""


def way_of(
    place: Place, run: Run, clusters: Clusters, secrets: Secrets, clock: Callable[[], datetime]
) -> Way | None:
    """The owner of the environment's workloads; None when nobody but us writes their image."""
    match place.policy.deploy:
        case ByGit() as deploy:
            return GitWay(deploy, place, run, secrets, clock)
        case ByArgoCd() | ByFlux() as deploy:
            named = deploy.cluster or place.environment.cluster
            return ObjectWay(deploy, clusters.named(named), run)
    return None


@dataclass(frozen=True)
class GitWay:
    """A file in a Git repository."""

    deploy: ByGit
    place: Place
    run: Run
    secrets: Secrets
    clock: Callable[[], datetime]

    def before(self, image: str) -> str:
        return named_in(self._repository().read(self.deploy.path), image)

    def write(self, image: str, before: Any, release: str) -> str:
        title = f"Release {release} to {self.place.environment.name}"
        commit = self._change(before, as_named(image, before), f"{title}\n\n{self._trailer(image)}")
        return f"commit {commit[:12]} on {self.deploy.branch}"

    def put_back(self, image: str, before: Any, release: str) -> None:
        title = f'Revert "Release {release} to {self.place.environment.name}"'
        body = f"The release failed; its evidence says why.\n\n{self._trailer(image)}"
        self._change(as_named(image, before), before, f"{title}\n\n{body}")

    def waits(self) -> None:
        """Whoever applies the branch is not asked: the workloads are."""

    def _change(self, old: str, new: str, message: str) -> str:
        def change(text: str) -> str:
            return text.replace(old, new)

        at = int(self.clock().timestamp())
        return str(self._repository().change(self.deploy.path, change, message, at=at))

    def _trailer(self, image: str) -> str:
        return f"Image: {image}\nSignalbox-Run: {self.run.id}\n"

    def _repository(self) -> Any:
        """Its module is imported when it is used: the library behind it takes a while."""
        deploy, module = self.deploy, import_module("shared.gitops.repository")
        kept = deploy.key or deploy.token
        secret = kept and self.secrets.resolve(kept)
        return module.Repository(
            deploy.repository, deploy.branch, deploy.user, secret, deploy.host_keys
        )


@dataclass(frozen=True)
class ObjectWay:
    """An object of Argo CD or Flux."""

    deploy: ByArgoCd | ByFlux
    cluster: Cluster
    run: Run

    def before(self, image: str) -> Any:  # noqa: ARG002 - it is found by its place
        return slot(self._read(), self.deploy)

    def write(self, image: str, before: Any, release: str) -> str:  # noqa: ARG002
        self._set(with_image(before, self.deploy, image))
        return f"{kind_of(self.deploy)} {self.deploy.namespace}/{name_of(self.deploy)}"

    def put_back(self, image: str, before: Any, release: str) -> None:  # noqa: ARG002
        if slot(self._read(), self.deploy) == with_image(before, self.deploy, image):
            self._set(before)

    def waits(self) -> str | None:
        return waits(self._read(), self.deploy)

    def _read(self) -> dict[str, Any]:
        deploy = self.deploy
        return self.cluster.read(kind_of(deploy), deploy.namespace, name_of(deploy))

    def _set(self, value: Any) -> None:
        deploy, epoch = self.deploy, self.run.epoch
        self.cluster.change(
            kind_of(deploy),
            deploy.namespace,
            name_of(deploy),
            epoch,
            lambda found: set_slot(found, deploy, value),
        )
