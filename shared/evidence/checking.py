"""Verify bundles and pages offline: each for itself, then the chains that they form."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from shared.evidence.bundle import Bundle, BundleInvalid, read_bundle
from shared.evidence.page import read_page


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is not as it must be."""

    file: str
    what: str


@dataclass(frozen=True, slots=True)
class Chain:
    """What was given of an environment's chain; sound unless a problem says otherwise."""

    environment: str
    first: int
    last: int
    newest: str
    """SHA-256 of the last one: compare it with what the ledger or an announcement says."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an examination found."""

    records: tuple[str, ...]
    """SHA-256 of the record in each sound bundle."""
    pages: int
    """Sound pages."""
    chains: tuple[Chain, ...]
    keys: tuple[str, ...]
    """The public keys that signed what was given."""
    problems: tuple[Problem, ...]


def examine(files: Mapping[str, bytes], keys: Collection[str] = ()) -> Verdict:
    """Verify files by name; ``keys`` are the public keys to trust, in hexadecimal.

    Without keys everything must at least be signed with one and the same. What lies before the
    first and behind the last bundle of a chain cannot be judged from files.
    """
    bundles: dict[str, Bundle] = {}
    signers: dict[str, str] = {}
    problems: list[Problem] = []
    for name, content in files.items():
        try:
            if content.startswith(b"<"):
                signers[name] = read_page(content)
            else:
                bundles[name] = read_bundle(content)
                signers[name] = bundles[name].public_key
        except BundleInvalid as error:
            problems.append(Problem(name, str(error)))
    problems += _strangers(signers, keys)
    problems += (p for chain in _chains(bundles).values() for p in _broken_links(chain))
    return Verdict(
        records=tuple(sorted({bundle.sha256 for bundle in bundles.values()})),
        pages=len(signers) - len(bundles),
        chains=tuple(_summary(*each) for each in sorted(_chains(bundles).items())),
        keys=tuple(sorted(set(signers.values()))),
        problems=tuple(problems),
    )


def _strangers(signers: Mapping[str, str], keys: Collection[str]) -> Iterator[Problem]:
    for name, key in signers.items():
        if keys and key not in keys:
            yield Problem(name, f"it is signed with key {key}, which is not to be trusted")
    if not keys and len(found := sorted(set(signers.values()))) > 1:
        odd = next(name for name, key in signers.items() if key == found[-1])
        yield Problem(odd, f"there are signatures of {len(found)} keys: say which to trust")


def _chains(bundles: Mapping[str, Bundle]) -> dict[str, list[tuple[str, Bundle]]]:
    """Bundles by environment, in order; copies of one bundle count once."""
    chains: defaultdict[str, dict[str, tuple[str, Bundle]]] = defaultdict(dict)
    for name, bundle in bundles.items():
        chains[bundle.environment].setdefault(bundle.sha256, (name, bundle))
    return {
        environment: sorted(chain.values(), key=lambda each: (each[1].link.number, each[0]))
        for environment, chain in chains.items()
    }


def _broken_links(chain: Iterable[tuple[str, Bundle]]) -> Iterator[Problem]:
    for name, bundle in chain:
        if (bundle.link.number == 1) != (bundle.link.previous is None):
            yield Problem(name, "only the first of a chain has nothing before it")
    for (before, earlier), (name, later) in pairwise(chain):
        gap = later.link.number - earlier.link.number
        if gap == 0:
            yield Problem(name, f"a fork: {before} has number {later.link.number} as well")
        elif gap > 1:
            missing = _numbers(earlier.link.number + 1, later.link.number - 1)
            yield Problem(name, f"before it {missing} missing")
        elif later.link.previous != earlier.sha256:
            yield Problem(name, f"it does not follow {before}, but one that is not here")


def _numbers(first: int, last: int) -> str:
    return f"number {first} is" if first == last else f"numbers {first} to {last} are"


def _summary(environment: str, chain: list[tuple[str, Bundle]]) -> Chain:
    (_, first), (_, last) = chain[0], chain[-1]
    return Chain(environment, first.link.number, last.link.number, last.sha256)
