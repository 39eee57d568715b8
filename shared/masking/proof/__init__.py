"""The proof that nothing of what masking replaces was left in a clone, and its certificate.

``remember`` before masking, ``prove`` after the last change, ``require_certificate`` before anyone
may see the database.
"""

from shared.masking.proof.certificate import (
    Certificate,
    NotCertified,
    SignedCertificate,
    read_certificate,
    require_certificate,
)
from shared.masking.proof.copies import certify_copy
from shared.masking.proof.inspection import ClonedFile
from shared.masking.proof.originals import OriginalsLost
from shared.masking.proof.prove import CanariesMissed, LeaksFound, ProofProgress, prove, remember
from shared.masking.proof.search import Leak

__all__ = [
    "CanariesMissed",
    "Certificate",
    "ClonedFile",
    "Leak",
    "LeaksFound",
    "NotCertified",
    "OriginalsLost",
    "ProofProgress",
    "SignedCertificate",
    "certify_copy",
    "prove",
    "read_certificate",
    "remember",
    "require_certificate",
]
