"""A bundle: the sealed record of one run with its signature, in a spelling without any freedom."""

import json
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.errors import PermanentError, explain
from shared.evidence.spelling import canonical, digest_of
from shared.masking.proof.seal import Signer, is_signed

FORMAT: Final = "signalbox-evidence/1"

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class BundleInvalid(PermanentError):
    """A file is no bundle, or not what was signed."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Link(_Frozen):
    """The place of a run in the chain of its environment."""

    number: int = Field(ge=1)
    """From 1, without a gap."""
    previous: Sha256 | None
    """``sha256`` of the bundle before; null in the first one."""


class Bundle(_Frozen):
    """Everything that is known of a run that is over, signed."""

    format: Literal["signalbox-evidence/1"] = FORMAT
    """The version of this format."""
    evidence: dict[str, Any]
    """The sealed record: run, event, steps, attempts, audit, approvals, and its place in the
    chain."""
    sha256: Sha256
    """Of the record as JSON with sorted keys and no blanks, in UTF-8."""
    public_key: Sha256
    """The Ed25519 key that verifies the signature, in hexadecimal."""
    signature: Annotated[str, Field(pattern=r"^[0-9a-f]{128}$")]
    """Of ``{"format":...,"sha256":...}``, in hexadecimal."""

    @classmethod
    def of(cls, evidence: dict[str, Any], signer: Signer) -> Self:
        """Sign a sealed record; the same record and key make the same bundle."""
        digest = digest_of(evidence)
        return cls(
            evidence=evidence,
            sha256=digest,
            public_key=signer.public_key,
            signature=signer.sign(_signed(digest)),
        )

    @property
    def environment(self) -> str:
        return str(self.evidence["run"]["environment"])

    @property
    def run(self) -> str:
        return str(self.evidence["run"]["id"])

    @property
    def link(self) -> Link:
        return Link.model_validate(self.evidence["chain"])

    def as_bytes(self) -> bytes:
        """The one spelling of the file."""
        return f"{canonical(self.model_dump())}\n".encode()


def read_bundle(content: bytes) -> Bundle:
    """The bundle in a file, once every byte is known to be as it was written.

    Raises BundleInvalid, which says what is wrong but never quotes the file.
    """
    try:
        bundle = Bundle.model_validate(json.loads(content))
        same = bundle.as_bytes() == content
        _ = bundle.environment, bundle.run, bundle.link
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        why = explain(error) if isinstance(error, ValidationError) else type(error).__name__
        raise BundleInvalid(f"it is no bundle: {why}") from None
    if digest_of(bundle.evidence) != bundle.sha256:
        raise BundleInvalid("the record was changed after it was sealed")
    if not same:
        raise BundleInvalid("it is not spelled as it was written")
    if not is_signed(_signed(bundle.sha256), bundle.signature, bundle.public_key):
        raise BundleInvalid("the signature is not that of its key")
    return bundle


def bundle_path(environment: str, number: int, run: str) -> str:
    """Where a bundle is inside its container: names sort as the chain does.

    >>> bundle_path("acme-staging", 7, "67e3a92d")
    'acme-staging/00000007-67e3a92d.json'
    """
    return f"{environment}/{number:08}-{run}.json"


def page_path(environment: str, number: int, run: str) -> str:
    """Where its page is."""
    return f"{environment}/{number:08}-{run}.html"


def _signed(digest: str) -> bytes:
    return canonical({"format": FORMAT, "sha256": digest}).encode()
