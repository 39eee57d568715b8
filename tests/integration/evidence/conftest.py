"""Runs that end, and storage that their evidence goes to."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any
from uuid import UUID

import psycopg
import pytest
from azure.storage.blob import BlobServiceClient

from functions.upkeep.evidence import copy_evidence
from shared.blobs import AzureBlobs, Blobs
from shared.evidence.signing import evidence_signer
from shared.ledger import EvidenceCopies
from shared.masking.proof.seal import Signer
from tests.integration.runs.conftest import Arrived, Engine

SIGNER = evidence_signer(b"a key of the tests, 32 bytes long")
_numbers = count(1)


@dataclass
class Archive:
    """The engine, and the container that upkeep copies to."""

    engine: Engine
    url: str
    blobs: AzureBlobs
    container: str

    @property
    def copies(self) -> EvidenceCopies:
        return EvidenceCopies(self.engine.ledger)

    def end_a_run(self, environment: str = "north") -> UUID:
        run = self.engine.happen(Arrived(environment=environment), id=f"e-{next(_numbers)}")
        assert run is not None
        self.engine.deliver_all()
        return run

    def copy(self, blobs: Blobs | None = None, signer: Signer = SIGNER) -> None:
        copy_evidence(self.copies, blobs or self.blobs, self.container, lambda: signer)

    def files(self, environment: str = "north") -> dict[str, bytes]:
        found = self.blobs.list(f"{self.container}/{environment}/")
        return {blob.path: self.blobs.read(blob.path) for blob in found}

    def bundles(self) -> dict[str, bytes]:
        return {path: text for path, text in self.files().items() if path.endswith(".json")}

    def ask(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url) as conn:
            return conn.execute(query.encode(), values).fetchall()

    def tell(self, statement: str, *values: object) -> None:
        with psycopg.connect(self.url) as conn:
            conn.execute(statement.encode(), values)


@pytest.fixture
def archive(empty_ledger: str, azurite: Any) -> Iterator[Archive]:
    engine, container = Engine(empty_ledger), f"evidence-{next(_numbers)}"
    with BlobServiceClient.from_connection_string(azurite.connection_string) as service:
        service.create_container(container)
    yield Archive(engine, empty_ledger, AzureBlobs.connect(azurite.connection_string), container)
    engine.ledger.close()
