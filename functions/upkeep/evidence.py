"""Copy the evidence of runs that are over to blob storage, signed: the record for auditors."""

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from uuid import UUID

import structlog

from shared.blobs import BlobMissing, Blobs
from shared.errors import PermanentError, StepError, TemporaryError
from shared.evidence.bundle import Bundle, BundleInvalid, bundle_path, page_path, read_bundle
from shared.evidence.page import render_page
from shared.ledger import EvidenceCopies, SealedRun
from shared.masking.proof.seal import Signer

AT_ONCE = 8
"""Requests to storage at the same time; the SDK keeps ten connections."""

log = structlog.get_logger()


class EvidenceChanged(PermanentError):
    """The ledger's record is not what was sealed when the run ended: somebody changed it."""


class EvidenceDiffers(PermanentError):
    """Blob storage holds something else in this bundle's place; nothing there is ever replaced."""


def copy_evidence(
    copies: EvidenceCopies, blobs: Blobs, evidence_container: str, signer: Callable[[], Signer]
) -> None:
    """Write a bundle and a page for every run that ended since.

    Safe to repeat: what is there already is checked and left, as an immutability policy wants it.
    What is out of reach (storage, the key) is tried again at the next call. Records that cannot be
    copied, however many, do not keep back the others.
    """
    refused: list[UUID] = []
    while waiting := copies.waiting(but=refused):
        try:
            refused += _copy(waiting, copies, blobs, evidence_container, signer())
        except TemporaryError as error:
            log.warning("evidence_put_off", waiting=len(waiting), reason=str(error))
            return


def _copy(
    waiting: Sequence[SealedRun],
    copies: EvidenceCopies,
    blobs: Blobs,
    container: str,
    signer: Signer,
) -> Iterator[UUID]:
    """The runs that people have to look at. Raises the first TemporaryError."""
    keep = partial(_keep, blobs=blobs, container=container, signer=signer)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        problems = list(pool.map(keep, waiting))
    ends = list(zip(waiting, problems, strict=True))
    copies.copied([sealed.run_id for sealed, problem in ends if problem is None])
    for sealed, problem in ends:
        if isinstance(problem, TemporaryError):
            raise problem
        if problem is None:
            log.info("evidence_copied", run=str(sealed.run_id), sha256=sealed.sha256)
        else:
            log.error("evidence_not_copied", run=str(sealed.run_id), reason=str(problem))
            yield sealed.run_id


def _keep(sealed: SealedRun, *, blobs: Blobs, container: str, signer: Signer) -> StepError | None:
    """Why it is not in storage; None when it is."""
    place = (sealed.environment, sealed.number, str(sealed.run_id))
    try:
        bundle = _bundle(sealed, signer)
        _keep_bundle(blobs, f"{container}/{bundle_path(*place)}", bundle)
        _keep_page(blobs, f"{container}/{page_path(*place)}", bundle, signer)
    except StepError as error:
        return error
    return None


def _bundle(sealed: SealedRun, signer: Signer) -> Bundle:
    bundle = Bundle.of(json.loads(sealed.body), signer)
    if bundle.sha256 != sealed.sha256:
        raise EvidenceChanged(
            f"the evidence of run {sealed.run_id} was changed after it was sealed as "
            f"{sealed.sha256}: it is not signed; find out who writes to the ledger"
        )
    return bundle


def _keep_bundle(blobs: Blobs, path: str, bundle: Bundle) -> None:
    try:
        found = read_bundle(blobs.read(path))
    except BlobMissing:
        blobs.upload(path, bundle.as_bytes())
        return
    except BundleInvalid as error:
        raise EvidenceDiffers(f"{path} was not written by us: {error}") from None
    if found.sha256 != bundle.sha256:
        raise EvidenceDiffers(f"{path} is of a record {found.sha256}, not {bundle.sha256}")


def _keep_page(blobs: Blobs, path: str, bundle: Bundle, signer: Signer) -> None:
    """A page that is there may look as an earlier version drew it."""
    try:
        blobs.properties(path)
    except BlobMissing:
        blobs.upload(path, render_page(bundle, signer))
