"""What may not run somewhere is refused before it waits for a window."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from functions.release import NotReleasedTo, concerned
from functions.release.accept_release import (
    ImageNotAllowed,
    PairNotWhole,
    ProvenanceMissing,
    accept_release,
)
from functions.release.places import ContainerMissing, NotFollowed
from infra.local.postgres import PostgresServer
from shared.cluster import Clusters
from shared.estate import Estate, Release
from shared.ledger import Ledger, Placements
from shared.masking import CoverageGap
from shared.messages.release import ReleaseAccepted, ReleasePromoted
from shared.runs import Run
from tests.integration.release.conftest import ESTATE, NEW, PLACE, estate_with

EARLY = Release(ring="early")


@pytest.fixture
def placements(postgres: PostgresServer) -> Iterator[Placements]:
    ledger = Ledger.connect(postgres.url("no ledger is needed"))
    yield Placements(ledger)
    ledger.close()


def promoted(**facts: Any) -> ReleasePromoted:
    known = {"environment": PLACE, "image": NEW, "release": "18.0-1", "modules": ("base",)}
    return ReleasePromoted.model_validate(known | facts)


def accept(
    event: ReleasePromoted,
    estate: Estate,
    cluster_url: str,
    placements: Placements,
    environment: str = PLACE,
) -> ReleaseAccepted:
    run = Run(uuid4(), environment, 1, "accept_release", 1, {}, lambda: True)
    clusters = Clusters(estate, cluster_url)
    return accept_release(event, run=run, estate=estate, clusters=clusters, placements=placements)


def test_new_modules_without_a_verdict_are_named_where_the_estate_only_warns(
    furnished: None, cluster_url: str, placements: Placements
) -> None:
    estate = estate_with(EARLY)
    rules = estate.releases.model_copy(update={"uncovered": "warn"})
    estate = estate.model_copy(update={"releases": rules})

    accepted = accept(promoted(modules=("acme_secret", "base")), estate, cluster_url, placements)

    [said] = accepted.uncovered
    assert said.startswith("module acme_secret: no verdict; proposed: quiet")


def demanding(estate: Estate, **annotations: str) -> Estate:
    rules = estate.releases.model_copy(update={"annotations": annotations})
    return estate.model_copy(update={"releases": rules})


def test_what_fulfils_every_rule_is_accepted(
    furnished: None, cluster_url: str, placements: Placements
) -> None:
    estate = demanding(estate_with(EARLY), **{"signed-by": "pipeline"})

    accept(promoted(annotations={"signed-by": "pipeline"}), estate, cluster_url, placements)


@pytest.mark.parametrize(
    ("policy", "facts", "error", "said"),
    [
        (EARLY, {"image": f"evil.example/odoo@sha256:{'a' * 64}"}, ImageNotAllowed, "acme.azurecr"),
        (EARLY, {"annotations": {"signed-by": "me"}}, ProvenanceMissing, "signed-by: pipeline"),
        (EARLY, {"modules": ("acme_secret", "base")}, CoverageGap, "module acme_secret: no verd"),
        (Release(ring="early", container="web"), {}, ContainerMissing, "container web, only odoo"),
        (None, {}, NotFollowed, "takes no releases"),
    ],
    ids=["foreign image", "annotation", "module without a verdict", "container", "no policy"],
)
def test_what_breaks_a_rule_is_refused(
    furnished: None,
    cluster_url: str,
    placements: Placements,
    policy: Release,
    facts: dict[str, Any],
    error: type[Exception],
    said: str,
) -> None:
    estate = demanding(estate_with(policy), **{"signed-by": "pipeline"})
    event = promoted(**{"annotations": {"signed-by": "pipeline"}} | facts)

    with pytest.raises(error, match=said):
        accept(event, estate, cluster_url, placements)


def test_a_pair_whose_standby_does_not_follow_takes_no_release(
    ledger: Ledger, cluster_url: str
) -> None:
    placements = Placements(ledger)
    placements.take("acme-prod", "acme-standby", epoch=1, run=uuid4(), standby_state="fenced")
    estate = releasing_everywhere()

    for environment in ("acme-prod", "acme-standby"):
        with pytest.raises(PairNotWhole, match="served by acme-standby"):
            accept(promoted(), estate, cluster_url, placements, environment)


def test_a_ring_is_all_that_follow_it_and_a_name_is_itself() -> None:
    estate = releasing_everywhere()
    names = tuple(each.name for each in estate.environments)

    assert concerned(promoted(ring="early"), estate) == names
    assert concerned(promoted(), estate) == (PLACE,)
    assert concerned(promoted(), ESTATE) == ()
    with pytest.raises(NotReleasedTo, match="no environment follows the ring late"):
        concerned(promoted(ring="late"), estate)


def releasing_everywhere() -> Estate:
    estate = estate_with(EARLY)
    everywhere = (each.model_copy(update={"release": EARLY}) for each in estate.environments)
    return estate.model_copy(update={"environments": tuple(everywhere)})
