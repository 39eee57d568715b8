"""Evidence: everything the ledger knows of a run, sealed in the transaction that ends it."""

import hashlib
import json
from typing import Any
from uuid import UUID

from shared.ledger import Evidence, Transaction


def canonical(body: dict[str, Any]) -> str:
    """The one spelling of a JSON object: sorted keys, no blanks, no escapes.

    >>> canonical({"b": 1, "a": "é"})
    '{"a":"é","b":1}'
    """
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def is_intact(evidence: Evidence) -> bool:
    """Whether evidence is still what was sealed."""
    return digest_of(json.loads(evidence.body)) == evidence.sha256


def digest_of(body: dict[str, Any]) -> str:
    """SHA-256 of the canonical spelling."""
    return hashlib.sha256(canonical(body).encode()).hexdigest()


def seal(tx: Transaction, run: UUID) -> str:
    """Write the evidence of a run that has just ended; return its SHA-256."""
    record = tx.run_record(run)
    assert record is not None, run
    digest = digest_of(record)
    tx.seal(run, record, digest)
    return digest
