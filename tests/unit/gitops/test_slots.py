"""Where an image stands, before and after."""

import copy
from typing import Any

import pytest

from shared.estate.deployments import ByArgoCd, ByFlux
from shared.gitops.slots import ImageNotNamed, as_named, named_in, set_slot, slot, with_image

OLD, NEW = f"sha256:{'0' * 64}", f"sha256:{'a' * 64}"
ODOO = "acme.azurecr.io/odoo"
IMAGE = f"{ODOO}@{NEW}"
BY_ARGO = ByArgoCd(kind="argo-cd", application="staging")
BY_HELM = ByArgoCd(kind="argo-cd", application="staging", helm_parameter="image.digest")
BY_FLUX = ByFlux(kind="flux", name="staging")
BY_RELEASE = ByFlux(kind="flux", resource="HelmRelease", name="staging", value="image.digest")
OTHER = f"acme.azurecr.io/proxy@{OLD}"


@pytest.mark.parametrize(
    ("text", "after"),
    [
        (f"image: {ODOO}@{OLD}\nother: {OTHER}\n", f"image: {IMAGE}\nother: {OTHER}\n"),
        (
            f"images:\n  - name: odoo\n    digest: {OLD}\n",
            f"images:\n  - name: odoo\n    digest: {NEW}\n",
        ),
    ],
    ids=["whole", "only its digest"],
)
def test_a_text_keeps_everything_but_the_image(text: str, after: str) -> None:
    before = named_in(text, IMAGE)

    assert text.replace(before, as_named(IMAGE, before)) == after


@pytest.mark.parametrize(
    "text",
    ["image: odoo:18.0", f"{OLD} {NEW}", f"x/{ODOO}@{OLD} {NEW}", f"{ODOO}@{OLD} {ODOO}@{NEW}"],
)
def test_a_text_that_does_not_name_one_image_is_left_alone(text: str) -> None:
    with pytest.raises(ImageNotNamed, match="write it once by hand"):
        named_in(text, IMAGE)


@pytest.mark.parametrize(
    ("deploy", "spec", "after"),
    [
        (BY_ARGO, {"source": {}}, {"source": {"kustomize": {"images": [IMAGE]}}}),
        (
            BY_ARGO,
            {"source": {"kustomize": {"images": [OTHER, f"odoo={ODOO}:18.0"]}}},
            {"source": {"kustomize": {"images": [OTHER, f"odoo={IMAGE}"]}}},
        ),
        (
            BY_HELM,
            {"source": {"helm": {"parameters": [{"name": "image.digest", "value": OLD}]}}},
            {"source": {"helm": {"parameters": [{"name": "image.digest", "value": NEW}]}}},
        ),
        (
            BY_FLUX,
            {"images": [{"name": "odoo", "newName": ODOO, "newTag": "18"}, {"name": "proxy"}]},
            {"images": [{"name": "proxy"}, {"name": "odoo", "newName": ODOO, "digest": NEW}]},
        ),
        (BY_FLUX, {}, {"images": [{"name": ODOO, "digest": NEW}]}),
        (
            BY_RELEASE,
            {"values": {"image": {"digest": OLD}, "replicas": 2}},
            {"values": {"image": {"digest": NEW}, "replicas": 2}},
        ),
    ],
    ids=["argo", "argo, renamed", "argo, helm", "flux", "flux, first", "flux, helm"],
)
def test_an_object_keeps_everything_but_the_image_and_gets_back_what_it_had(
    deploy: ByArgoCd | ByFlux, spec: dict[str, Any], after: dict[str, Any]
) -> None:
    found = {"spec": copy.deepcopy(spec)}
    before = slot(found, deploy)

    set_slot(found, deploy, with_image(before, deploy, IMAGE))
    once = copy.deepcopy(found)
    set_slot(found, deploy, with_image(before, deploy, IMAGE))

    assert once == found == {"spec": after}
    set_slot(found, deploy, before)
    assert slot(found, deploy) == before


def test_an_application_of_several_sources_is_left_alone() -> None:
    with pytest.raises(ImageNotNamed, match="no single spec"):
        slot({"spec": {"sources": []}}, BY_ARGO)
