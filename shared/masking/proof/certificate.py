"""The certificate: what was done to a clone and what the search for leaks found, signed."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Literal, LiteralString

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.errors import PermanentError
from shared.masking.modules import ModuleVerdict
from shared.masking.proof.content import fingerprint
from shared.masking.proof.seal import Signer, is_signed
from shared.postgres.asking import Database, has_table, value

_CREATE: LiteralString = """
create schema if not exists signalbox;
create table if not exists signalbox.certificate (
    certificate text not null, only_row boolean primary key default true check (only_row)
);
comment on table signalbox.certificate is
    'The proof that this copy holds nothing of what was masked, signed.';
"""

_WRITE: LiteralString = """
insert into signalbox.certificate (certificate) values (%s)
on conflict (only_row) do update set certificate = excluded.certificate
"""


class NotCertified(PermanentError):
    """The database has no valid certificate for what is in it, so nobody gets to see it."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class RuleCount(_Frozen):
    """What one kind of verdict did."""

    verdict: str
    """``mask`` with its masker, ``clear`` or ``drop rows``."""
    columns: int
    """Columns, or tables whose rows went."""
    tables: int
    """Tables that hold them."""


class Certificate(_Frozen):
    """Says that nothing which the policy masks was left in a clone, and how that was found out."""

    version: Literal[1] = 1
    """Version of this format."""
    database: str
    """The database's name when it was searched; publishing gives it another."""
    run: str
    """The run that restored it."""
    source: str
    """The database that it is a copy of."""
    content: str
    """Fingerprint of the rows and tables that were searched."""
    modules: dict[str, str]
    """Odoo modules that are installed, with their versions."""
    verdicts: dict[str, ModuleVerdict] = Field(default_factory=dict)
    """What the policy says of each: that it is quiet, or what neutralization it needed."""
    policy_sha256: str
    """The masking policy."""
    rules: tuple[RuleCount, ...]
    """What the policy decided, counted."""
    looked_for_inside: int
    """Distinct originals that were looked for in every text."""
    looked_for_whole: int
    """Distinct originals that were compared with whole fields of masked columns."""
    too_short: int
    """Distinct originals that were too short to be looked for."""
    ambiguous: int
    """Distinct originals that some invented value equals."""
    tables: int
    """Tables that were read, all of them."""
    rows: int
    """Rows that were read."""
    bytes: int
    """Bytes of text that were read."""
    files: int = 0
    """Files of the filestore that were read: those that the database refers to."""
    documents: dict[str, int] = Field(default_factory=dict)
    """Documents in columns of bytes and in files whose text was read, by type."""
    documents_not_read: dict[str, int] = Field(default_factory=dict)
    """Documents that were searched as bytes only, such as pictures, or not at all, and why."""
    not_read: tuple[str, ...]
    """What the database holds that was not read."""
    leaks: int
    """Columns in which an original was found: a certificate is only issued for none."""
    canaries_planted: int
    """Invented values that had to be found."""
    canaries_found: int
    """How many of them were."""
    seconds: float
    """How long the search took."""
    issued_at: datetime
    """When."""


class SignedCertificate(_Frozen):
    """A certificate and the Ed25519 signature of its canonical JSON."""

    certificate: Certificate
    """What is certified."""
    public_key: str
    """The key that verifies the signature, in hexadecimal."""
    signature: str
    """In hexadecimal."""

    @classmethod
    def of(cls, certificate: Certificate, signer: Signer) -> "SignedCertificate":
        """Sign a certificate."""
        signature = signer.sign(canonical(certificate))
        return cls(certificate=certificate, public_key=signer.public_key, signature=signature)

    def is_valid(self, public_key: str) -> bool:
        """Whether this key signed it and every word is as it was."""
        return is_signed(canonical(self.certificate), self.signature, public_key)


def canonical(certificate: Certificate) -> bytes:
    """What is signed: JSON with sorted keys and no blanks."""
    facts = certificate.model_dump(mode="json")
    return json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()


def store_certificate(connection: Database, signed: SignedCertificate) -> None:
    """Keep the certificate in the database that it is about; it replaces an earlier one."""
    with connection.transaction():
        connection.execute(_CREATE)
        connection.execute(_WRITE, (signed.model_dump_json(),))


def read_certificate(connection: Database) -> SignedCertificate | None:
    """The certificate in the database; None when there is none, or none that can be read."""
    if not has_table(connection, "signalbox.certificate"):
        return None
    text = value(connection, "select certificate from signalbox.certificate")
    try:
        return SignedCertificate.model_validate_json(text) if text else None
    except ValidationError:
        return None


def require_certificate(connection: Database, key: bytes, *, run_id: str) -> SignedCertificate:
    """The database's certificate, when it is ours, this run's, clean, and about what is in it now.

    Raises NotCertified with all that is wrong.
    """
    signed = read_certificate(connection)
    wrong = list(_objections(connection, signed, Signer(key).public_key, run_id))
    if signed is None or wrong:
        raise NotCertified(
            f"database {connection.info.dbname} is not certified: {'; '.join(wrong)}; "
            "refresh the environment again"
        )
    return signed


def _objections(
    connection: Database, signed: SignedCertificate | None, public_key: str, run_id: str
) -> Iterator[str]:
    if signed is None:
        yield "it has no certificate"
        return
    certificate = signed.certificate
    if not signed.is_valid(public_key):
        yield "the certificate is not signed with the masking key"
    if certificate.run != run_id:
        yield f"the certificate is of run {certificate.run}"
    if certificate.leaks or certificate.canaries_found < certificate.canaries_planted:
        yield "the certificate says that the search failed"
    if certificate.content != fingerprint(connection):
        yield "rows or tables have changed since it was searched"
