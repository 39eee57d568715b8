"""Who signs evidence: a key of its own that follows from the estate's masking key."""

from shared.masking.proof.seal import Signer, derived


def evidence_signer(masking_key: bytes) -> Signer:
    """The key pair differs from that of certificates: neither can be used for the other."""
    return Signer(derived(masking_key, "evidence"))
