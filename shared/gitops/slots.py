"""Where an image stands: in a text, in an Application of Argo CD, in an object of Flux."""

import copy
import re
from collections.abc import Iterable, Mapping
from typing import Any

from shared.errors import PermanentError
from shared.estate.deployments import ByArgoCd, ByFlux

Json = dict[str, Any]

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class ImageNotNamed(PermanentError):
    """What is to be changed does not name an image, or not just one."""


def parts_of(image: str) -> tuple[str, str]:
    """Repository and digest.

    >>> parts_of("acme.azurecr.io/odoo@sha256:0f")
    ('acme.azurecr.io/odoo', 'sha256:0f')
    """
    repository, _, digest = image.partition("@")
    return repository, digest


def named_in(text: str, image: str) -> str:
    """How a text names the image that this one follows: by its repository and a digest, or, when
    it names no such, by the one digest that it has. Raises ImageNotNamed.
    """
    repository, _ = parts_of(image)
    whole = set(re.findall(rf"(?<![\w./-]){re.escape(repository)}@{_DIGEST.pattern}", text))
    found = whole or set(_DIGEST.findall(text))
    if len(found) != 1:
        raise ImageNotNamed(
            f"it names {len(found)} images where {repository}@sha256:... is expected, or one "
            "digest: write it once by hand"
        )
    return str(found.pop())


def as_named(image: str, before: str) -> str:
    """The image as the text names images: whole, or only by its digest."""
    return image if "@" in before else parts_of(image)[1]


def kind_of(deploy: ByArgoCd | ByFlux) -> str:
    return "Application" if isinstance(deploy, ByArgoCd) else deploy.resource


def name_of(deploy: ByArgoCd | ByFlux) -> str:
    return deploy.application if isinstance(deploy, ByArgoCd) else deploy.name


def slot(found: Mapping[str, Any], deploy: ByArgoCd | ByFlux) -> Any:
    """What stands in an object where the image is set; None when nothing does."""
    value: Any = found["spec"]
    for name in _path(found, deploy):
        value = (value or {}).get(name)
    return value


def set_slot(found: Json, deploy: ByArgoCd | ByFlux, value: Any) -> None:
    """Let a value stand there; None leaves nothing."""
    place: Json = found["spec"]
    *path, last = _path(found, deploy)
    for name in path:
        place[name] = place.get(name) or {}
        place = place[name]
    if value is None:
        place.pop(last, None)
    else:
        place[last] = copy.deepcopy(value)


def with_image(before: Any, deploy: ByArgoCd | ByFlux, image: str) -> Any:
    """What is to stand there: everything that did, with this image."""
    _, digest = parts_of(image)
    if isinstance(deploy, ByFlux):
        return digest if deploy.value else _kustomized(before or (), image)
    if deploy.helm_parameter is None:
        return _argo_images(before or (), image)
    ours = {"name": deploy.helm_parameter, "value": digest}
    return [*(each for each in before or () if each["name"] != deploy.helm_parameter), ours]


def _path(found: Mapping[str, Any], deploy: ByArgoCd | ByFlux) -> tuple[str, ...]:
    if isinstance(deploy, ByFlux):
        return ("values", *deploy.value.split(".")) if deploy.value else ("images",)
    if not isinstance(found["spec"].get("source"), dict):
        raise ImageNotNamed(
            f"Application {deploy.application} has no single spec.source to set an image in"
        )
    by_helm = deploy.helm_parameter is not None
    return ("source", *(("helm", "parameters") if by_helm else ("kustomize", "images")))


def _argo_images(given: Iterable[str], image: str) -> list[str]:
    """``repository@digest``, or ``name=repository@digest`` for an image that is renamed."""
    repository, _ = parts_of(image)
    same = [each for each in given if _repository(each) == repository]
    alias = same[0].rpartition("=") if same else ("", "", "")
    return [*(each for each in given if each not in same), f"{alias[0]}{alias[1]}{image}"]


def _repository(given: str) -> str:
    return re.sub(r"(@.*|:[\w.-]+)$", "", given.rpartition("=")[2])


def _kustomized(given: Iterable[Json], image: str) -> list[Json]:
    """Entries of a Kustomization's ``images``."""
    repository, digest = parts_of(image)
    same = [each for each in given if each.get("newName", each["name"]) == repository]
    ours = dict(same[0]) if same else {"name": repository}
    ours.pop("newTag", None)
    return [*(each for each in given if each not in same), ours | {"digest": digest}]
