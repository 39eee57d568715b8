"""Certificates of copies: what PostgreSQL copied file by file is what was certified."""

from shared.masking.proof.certificate import SignedCertificate, store_certificate
from shared.masking.proof.content import fingerprint
from shared.masking.proof.seal import Signer
from shared.postgres.marker import Database


def certify_copy(connection: Database, original: SignedCertificate, key: bytes) -> None:
    """Certify the connected database, which was copied from the certified one.

    The caller has held the original's certificate against it before and after copying. A copy has
    files and counters of its own, hence another fingerprint; everything else is as it was.
    """
    facts = {"database": connection.info.dbname, "content": fingerprint(connection)}
    certificate = original.certificate.model_copy(update=facts)
    store_certificate(connection, SignedCertificate.of(certificate, Signer(key)))
