"""Copy the evidence of runs that are over to blob storage, signed: the record for auditors."""

import json
from collections.abc import Callable

import structlog

from shared.blobs import BlobMissing, Blobs
from shared.errors import PermanentError, TemporaryError
from shared.evidence.bundle import Bundle, BundleInvalid, bundle_path, page_path, read_bundle
from shared.evidence.page import render_page
from shared.ledger import EvidenceCopies, SealedRun
from shared.masking.proof.seal import Signer

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
    What is out of reach (storage, the key) is tried again at the next call. One record that
    cannot be copied does not keep back the others.
    """
    waiting = copies.waiting()
    if not waiting:
        return
    try:
        signing = signer()
        for sealed in waiting:
            _copy(sealed, copies, blobs, evidence_container, signing)
    except TemporaryError as error:
        log.warning("evidence_put_off", waiting=len(waiting), reason=str(error))


def _copy(
    sealed: SealedRun, copies: EvidenceCopies, blobs: Blobs, container: str, signer: Signer
) -> None:
    try:
        bundle = _bundle(sealed, signer)
        place = (sealed.environment, sealed.number, str(sealed.run_id))
        _keep_bundle(blobs, f"{container}/{bundle_path(*place)}", bundle)
        _keep_page(blobs, f"{container}/{page_path(*place)}", bundle, signer)
    except PermanentError as error:
        log.error("evidence_not_copied", run=str(sealed.run_id), reason=str(error))  # noqa: TRY400
        return
    copies.copied(sealed.run_id)
    log.info("evidence_copied", run=str(sealed.run_id), sha256=sealed.sha256)


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
