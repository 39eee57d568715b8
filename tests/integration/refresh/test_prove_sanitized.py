"""The last look at a clone: its rows, and the files that it refers to."""

import hashlib

import pytest

from shared.masking import load_policy, mask_tables, plan_masking, settle
from shared.masking.proof import LeaksFound, SignedCertificate, remember
from shared.messages.refresh import EnvironmentVerified, SanitizationProven
from shared.odoo.placeholders import PLACEHOLDERS
from tests.integration.masking_proof.conftest import LONG
from tests.integration.refresh.passage import Passage
from tests.memoryblobs import MemoryBlobs

EMAIL = "adalind.holmgren@acme.example"
PLACEHOLDER = PLACEHOLDERS["application/pdf"]


def path_of(content: bytes) -> str:
    digest = hashlib.sha1(content).hexdigest()
    return f"{digest[:2]}/{digest}"


@pytest.fixture
def blobs(passage: Passage) -> MemoryBlobs:
    blobs = MemoryBlobs()
    passage.use_blobs(blobs)
    return blobs


@pytest.fixture
def verified(passage: Passage, proven: SanitizationProven) -> EnvironmentVerified:
    """A clone with a partner, masked, that refers to no file yet."""
    resources, facts = passage.resources, {"run_id": str(passage.id), "epoch": passage.epoch}
    key = resources.secrets.resolve(resources.estate.masking_key).encode()
    with resources.databases.connect("erp-nonprod", proven.database) as clone:
        clone.execute("create table res_partner (id int primary key, email text)")
        clone.execute("insert into res_partner values (1, %s)", (EMAIL,))
        clone.execute("create table ir_attachment (store_fname text, checksum text, file_size int)")
        plan = plan_masking(clone, load_policy())
        remember(clone, plan, key, **facts)
        mask_tables(clone, plan, key, budget=LONG, **facts)
    return EnvironmentVerified.model_validate(proven.model_dump(exclude={"certificate"}))


def refer(passage: Passage, verified: EnvironmentVerified, *paths: str) -> None:
    """Let the clone refer to these files."""
    with passage.resources.databases.connect("erp-nonprod", verified.database) as clone:
        clone.cursor().executemany(
            "insert into ir_attachment (store_fname) values (%s)", [(path,) for path in paths]
        )


def test_files_that_the_clone_refers_to_are_read_but_not_placeholders(
    passage: Passage, verified: EnvironmentVerified, blobs: MemoryBlobs
) -> None:
    content = b"a style sheet"
    blobs.upload(f"filestore/acme-staging/{path_of(content)}", content)
    refer(passage, verified, path_of(content), PLACEHOLDER.path)

    done: SanitizationProven = passage.do("prove_sanitized", verified)

    certificate = SignedCertificate.model_validate_json(done.certificate).certificate
    assert (certificate.files, certificate.documents) == (1, {"text": 1})
    with passage.resources.databases.connect("erp-nonprod", verified.database) as clone:
        assert settle(clone) == 0


def test_an_original_in_a_file_of_the_clone_fails_the_step(
    passage: Passage, verified: EnvironmentVerified, blobs: MemoryBlobs
) -> None:
    content = f"mailto:{EMAIL}".encode()
    blobs.upload(f"filestore/acme-staging/{path_of(content)}", content)
    refer(passage, verified, path_of(content))

    with pytest.raises(LeaksFound, match=r"ir_attachment.store_fname: original in a document"):
        passage.do("prove_sanitized", verified)
