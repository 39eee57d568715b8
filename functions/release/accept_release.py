"""Refuse at once what may not run here."""

from collections.abc import Iterator
from fnmatch import fnmatchcase

from functions.release.places import Place, place_of, states
from shared.cluster import Clusters
from shared.errors import PermanentError
from shared.estate import Environment, Estate
from shared.ledger import Placements
from shared.masking import MaskingPolicy, ModuleGap, load_policy
from shared.masking.coverage import refuse_gaps
from shared.messages.release import ReleaseAccepted, ReleasePromoted
from shared.runs import Run


class ImageNotAllowed(PermanentError):
    """The image comes from where the estate allows no release to come from."""


class ProvenanceMissing(PermanentError):
    """The release does not state what the estate demands of every release."""


class PairNotWhole(PermanentError):
    """Production is served by its other side, or has lost its standby; first make it whole."""


def accept_release(
    promoted: ReleasePromoted,
    *,
    run: Run,
    estate: Estate,
    clusters: Clusters,
    placements: Placements,
) -> ReleaseAccepted:
    """Check where the image comes from, what it brings along, and that it has a place to run.

    Safe to repeat: it only reads.

    Raises ImageNotAllowed, ProvenanceMissing, CoverageGap for new modules without a masking
    verdict, ContainerMissing, ObjectMissing, PairNotWhole.
    """
    place = place_of(run, estate)
    _refuse_unstated(promoted, estate)
    gaps = _gaps(promoted, place.environment, estate)
    if estate.releases.uncovered == "refuse":
        refuse_gaps(gaps)
    refuse_unfit(place, promoted.image, estate, clusters, placements)
    uncovered = tuple(str(gap) for gap in gaps)
    return ReleaseAccepted(image=promoted.image, release=promoted.release, uncovered=uncovered)


def refuse_unfit(
    place: Place, image: str, estate: Estate, clusters: Clusters, placements: Placements
) -> None:
    """What can change while a release waits: where images come from, the pair, the workloads.

    Raises ImageNotAllowed, PairNotWhole, ContainerMissing, ObjectMissing.
    """
    _refuse_foreign(image, estate)
    _refuse_broken_pair(place.environment, estate, placements)
    cluster = clusters.of(place.environment)
    states(cluster, place)
    for workload in place.stopped:
        cluster.read(workload.kind, place.namespace, workload.name)


def _refuse_foreign(image: str, estate: Estate) -> None:
    repository = image.partition("@")[0]
    allowed = estate.releases.repositories
    if not any(fnmatchcase(repository, each.replace("[", "[[]")) for each in allowed):
        raise ImageNotAllowed(
            f"{repository} is none of the repositories that releases come from "
            f"({', '.join(allowed) or 'there is none'}); push it there, or state it under "
            "releases.repositories of the estate"
        )


def _refuse_unstated(promoted: ReleasePromoted, estate: Estate) -> None:
    demanded = estate.releases.annotations
    if missing := [n for n in demanded if promoted.annotations.get(n) != demanded[n]]:
        listed = ", ".join(f"{name}: {demanded[name]}" for name in missing)
        raise ProvenanceMissing(
            f"release {promoted.release} does not state {listed}; let the pipeline that checks it "
            "promote it, with these annotations"
        )


def _gaps(
    promoted: ReleasePromoted, environment: Environment, estate: Estate
) -> tuple[ModuleGap, ...]:
    """New modules without a verdict: they would stop the next refresh."""
    policies = list(_policies(environment, estate))
    return tuple(
        ModuleGap(module, "no verdict")
        for module in sorted(set(promoted.modules))
        if any(policy.verdict_on(module) is None for policy in policies)
    )


def _policies(environment: Environment, estate: Estate) -> Iterator[MaskingPolicy]:
    """Those of refreshes into this environment, and from it."""
    own = (environment,) if environment.refresh_from else ()
    names = {each.masking for each in (*own, *estate.refreshed_from(environment.name))}
    yield from map(load_policy, names)


def _refuse_broken_pair(environment: Environment, estate: Estate, placements: Placements) -> None:
    production = environment.standby_of or environment.name
    if estate.standby_for(production) is None:
        return
    placed = placements.of(production)
    if placed.active_side != production or placed.standby_state != "streaming":
        raise PairNotWhole(
            f"{production} is served by {placed.active_side} and its other side is "
            f"{placed.standby_state}: publish region-recovered, then promote the release again"
        )
