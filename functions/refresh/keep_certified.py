"""Keep a copy of what was proven, for environments on request: nobody has used it yet."""

from functions.refresh.clones import incoming_clone
from functions.refresh.targets import Target, target_of
from shared.estate import Estate, Secrets
from shared.masking.proof import SignedCertificate, certify_copy, require_certificate
from shared.messages.refresh import CertifiedKept, SanitizationProven
from shared.postgres.clones import certified_name, clone_inside
from shared.postgres.databases import Databases
from shared.runs import Run, still_mine


def keep_certified(
    proven: SanitizationProven, *, run: Run, estate: Estate, secrets: Secrets, databases: Databases
) -> CertifiedKept:
    """Copy the incoming database inside its server, if the estate offers clones of it.

    Users write to a published database, so its certificate does not hold for long; the copy's does.

    Safe to repeat: the copy is named after the run, and certified anew.

    Raises NotCertified when the incoming database changed since it was proven.
    """
    target = target_of(run, estate)
    if not estate.is_cloned(target.environment.name):
        return proven.become(CertifiedKept, kept=None)
    key = secrets.resolve(estate.masking_key).encode()
    kept = certified_name(target.live, run.short)
    _certificate(databases, target, run, key)
    still_mine(run)
    marker = databases.marker(target.server, target.incoming)
    assert marker is not None, target.incoming
    clone_inside(databases, target.server, target.incoming, kept, marker)
    original = _certificate(databases, target, run, key)
    with databases.connect(target.server, kept) as connection:
        certify_copy(connection, original, key)
    return proven.become(CertifiedKept, kept=kept)


def drop_certified(
    proven: SanitizationProven,  # noqa: ARG001 - an undo gets what its step got
    *,
    run: Run,
    estate: Estate,
    databases: Databases,
) -> None:
    """Drop the copy: what it was made from is not published.

    Safe to repeat: what is gone stays gone.
    """
    target = target_of(run, estate)
    databases.drop(target.server, certified_name(target.live, run.short))


def _certificate(databases: Databases, target: Target, run: Run, key: bytes) -> SignedCertificate:
    with incoming_clone(databases, target, run) as connection:
        return require_certificate(connection, key, run_id=str(run.id))
