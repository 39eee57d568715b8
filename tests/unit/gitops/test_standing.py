"""What is believed of Argo CD and Flux, and what is not."""

from typing import Any

import pytest

from shared.estate.deployments import ByArgoCd, ByFlux
from shared.gitops.standing import NotDeployed, waits

BY_ARGO = ByArgoCd(kind="argo-cd", application="staging")
BY_FLUX = ByFlux(kind="flux", name="staging")
NEW, OLD = {"kustomize": {"images": ["new"]}}, {"kustomize": {"images": ["old"]}}


def application(
    *, about: Any = NEW, sync: str = "Synced", health: str = "Healthy", **operation: Any
) -> dict[str, Any]:
    status = {
        "sync": {"status": sync, "comparedTo": {"source": about}},
        "health": {"status": health},
        "operationState": operation,
    }
    return {"spec": {"source": NEW}, "status": status}


def kustomization(
    ready: str, reason: str = "", *, seen: int = 2, suspend: bool = False
) -> dict[str, Any]:
    condition = {"type": "Ready", "status": ready, "reason": reason, "observedGeneration": seen}
    return {
        "metadata": {"generation": 2},
        "spec": {"suspend": suspend},
        "status": {"conditions": [condition]},
    }


@pytest.mark.parametrize(
    ("deploy", "found", "reason"),
    [
        (BY_ARGO, application(), None),
        (BY_ARGO, application(about=OLD), "waits until Argo CD has synced"),
        (BY_ARGO, application(about=OLD, health="Degraded"), "waits until Argo CD has synced"),
        (BY_ARGO, application(sync="OutOfSync"), "waits until Argo CD has synced"),
        (BY_ARGO, application(health="Progressing"), "Argo CD says that it is Progressing"),
        (
            BY_ARGO,
            application(about=OLD, phase="Failed", syncResult={"source": OLD}),
            "waits until Argo CD has synced",
        ),
        (BY_ARGO, {"spec": {"source": NEW}}, "waits until Argo CD has synced"),
        (BY_FLUX, kustomization("True"), None),
        (BY_FLUX, kustomization("True", seen=1), "waits until Flux has seen it"),
        (BY_FLUX, kustomization("False", "HealthCheckFailed", seen=1), "waits until Flux has seen"),
        (BY_FLUX, kustomization("Unknown", "Progressing"), "waits until Flux is ready"),
        (BY_FLUX, kustomization("False", "DependencyNotReady"), "waits until Flux is ready"),
        (BY_FLUX, {"metadata": {"generation": 2}, "spec": {}}, "waits until Flux has seen it"),
    ],
)
def test_only_what_is_said_of_what_is_stated_now_counts(
    deploy: ByArgoCd | ByFlux, found: dict[str, Any], reason: str | None
) -> None:
    said = waits(found, deploy)

    assert said is None if reason is None else said is not None and said.startswith(reason)


@pytest.mark.parametrize(
    ("deploy", "found", "said"),
    [
        (BY_ARGO, application(health="Degraded"), "it is degraded"),
        (
            BY_ARGO,
            application(about=OLD, phase="Failed", syncResult={"source": NEW}, message="no quota"),
            "could not sync: no quota",
        ),
        (BY_FLUX, kustomization("False", "HealthCheckFailed"), "HealthCheckFailed"),
        (BY_FLUX, kustomization("True", suspend=True), "is suspended"),
    ],
)
def test_a_failure_at_what_is_stated_now_is_one(
    deploy: ByArgoCd | ByFlux, found: dict[str, Any], said: str
) -> None:
    with pytest.raises(NotDeployed, match=said):
        waits(found, deploy)
