"""Evidence: everything the ledger knows of a run, sealed in the transaction that ends it."""

import json
from uuid import UUID

from shared.evidence.spelling import digest_of
from shared.ledger import Evidence, Transaction


def is_intact(evidence: Evidence) -> bool:
    """Whether evidence is still what was sealed."""
    return digest_of(json.loads(evidence.body)) == evidence.sha256


def seal(tx: Transaction, run: UUID) -> str:
    """Write the evidence of a run that has just ended; return its SHA-256.

    It names the evidence before it of the same environment, so that none can be left out, added
    or replaced without a trace.
    """
    record = tx.run_record(run)
    assert record is not None, run
    link = tx.next_link(record["run"]["environment"])
    body = record | {"chain": {"number": link.number, "previous": link.previous}}
    digest = digest_of(body)
    tx.seal(run, body, digest, link)
    return digest
