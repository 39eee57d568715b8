"""What is inside documents, files, views and large objects is searched; the rest is counted."""

import base64

import pytest

from shared.masking import plan_masking, settle
from shared.masking.proof import (
    ClonedFile,
    LeaksFound,
    ProofProgress,
    SignedCertificate,
    prove,
)
from shared.masking.proof.documents import LARGEST
from shared.postgres.marker import Database
from tests.unit.masking_proof.samples import docx, pdf

from .conftest import EPOCH, KEY, LONG, MASKED, RUN, masked, policy

NAME = MASKED["name"]


def proven(clone: Database, *files: ClonedFile) -> SignedCertificate | ProofProgress:
    plan = plan_masking(clone, policy())
    return prove(clone, plan, KEY, run_id=RUN, epoch=EPOCH, budget=LONG, files=files)


def file(path: str, content: bytes) -> ClonedFile:
    return ClonedFile(path, len(content), lambda: content)


@pytest.mark.parametrize(
    "content",
    [pdf(f"for {NAME}"), docx(*NAME), base64.b64encode(pdf(NAME))],
    ids=["pdf", "docx", "base64"],
)
def test_an_original_in_a_document_of_a_column_is_found(clone: Database, content: bytes) -> None:
    masked(clone)
    clone.execute("create table paper (id int primary key, content bytea)")
    clone.execute("insert into paper values (7, %s)", (content,))

    with pytest.raises(LeaksFound, match=r"paper.content: original in a document in 1 rows \(7\)"):
        proven(clone)


def test_an_original_in_a_file_is_found(clone: Database) -> None:
    masked(clone)
    harmless = [file(f"aa/{number}", b"nothing") for number in range(70)]
    leaks = [
        file("bb/text", f"Dear {NAME}".encode()),
        file("bb/wide", f"Dear {NAME}".encode("utf-16")),
        file("bb/paper", pdf(NAME)),
    ]

    with pytest.raises(LeaksFound) as failed:
        proven(clone, *harmless, *leaks)

    assert "store_fname: original in a document in 3 rows (bb/text, bb/wide, bb/paper)" in str(
        failed.value
    )


def test_what_could_not_be_read_is_counted_in_the_certificate(clone: Database) -> None:
    masked(clone)
    files = (
        file("a", b"a,b"),
        file("b", pdf("nobody")),
        file("c", pdf("nobody")[:60]),
        file("d", b"\x89PNG\r\n\x1a\n..."),
        file("e", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
        ClonedFile("f", LARGEST + 1, lambda: b""),
    )

    signed = proven(clone, *files)

    assert isinstance(signed, SignedCertificate)
    found = signed.certificate
    assert found.files == 6
    assert found.documents == {"pdf": 1, "text": 1}
    assert found.documents_not_read == {"other": 1, "pdf, broken": 1, "picture": 1, "too large": 1}


class Killed(Exception):
    """The process that searches ends."""


def test_files_that_were_read_are_not_read_again(clone: Database) -> None:
    masked(clone)
    reads: list[str] = []

    def once(path: str) -> ClonedFile:
        return ClonedFile(path, 1, lambda: (reads.append(path), b"x")[1])

    def killed_after_the_first_files(progress: ProofProgress) -> None:
        if reads:
            raise Killed

    files = [once(str(number)) for number in range(200)]
    plan = plan_masking(clone, policy())

    with pytest.raises(Killed):
        prove(
            clone, plan, KEY, run_id=RUN, epoch=EPOCH, budget=LONG, files=files,
            on_progress=killed_after_the_first_files,
        )  # fmt: skip
    assert 0 < len(reads) < len(files)
    signed = proven(clone, *files)

    assert isinstance(signed, SignedCertificate)
    assert signed.certificate.files == len(files)
    assert sorted(reads, key=int) == [each.path for each in files]


def test_a_view_that_still_shows_what_was_is_found(clone: Database) -> None:
    masked(clone)
    clone.execute(
        "create materialized view people as select 'Adalind' as first, 'HOLMGREN' as last"
    )

    with pytest.raises(LeaksFound, match=r"materialized view public.people.row: original inside"):
        proven(clone)


def test_an_original_anywhere_in_a_large_object_is_found(clone: Database) -> None:
    masked(clone)
    content = b"." * (1024 * 1024 - 5) + NAME.encode() + b"." * 100
    clone.execute("select lo_from_bytea(4711, %s)", (content,))

    with pytest.raises(LeaksFound, match=r"large objects.piece: original inside in 1 rows"):
        proven(clone)
    clone.execute("select lo_unlink(4711)")

    assert isinstance(proven(clone), SignedCertificate)


def test_what_statistics_still_know_of_emptied_tables_is_found(clone: Database) -> None:
    clone.execute("create table log (id int, said text)")
    clone.execute("create statistics known (mcv) on id, said from log")
    clone.execute("insert into queue (message) select %s from generate_series(1, 9)", (NAME,))
    clone.execute("insert into log select n, %s || n from generate_series(1, 9) n", (f"{NAME} ",))
    clone.execute("analyze queue, log")
    masked(clone, "queue")
    clone.execute("truncate queue, log")

    with pytest.raises(LeaksFound, match=r"statistics\.seen: original inside") as found:
        proven(clone)

    for place in ("public.queue.message", "public.log.said", "public.known"):
        assert place in str(found.value)


def test_settling_leaves_no_dead_row_and_no_old_statistics(clone: Database) -> None:
    masked(clone)
    clone.execute("insert into queue (message) select %s from generate_series(1, 9)", (NAME,))
    clone.execute("update person set note = %s", (NAME,))
    clone.execute("analyze")
    clone.execute("update person set note = null")
    clone.execute("delete from queue")
    before = bytes_of(clone, "person")

    settle(clone)

    assert NAME.encode() in before
    assert NAME.encode() not in bytes_of(clone, "person")
    assert isinstance(proven(clone), SignedCertificate)
    assert settle(clone) == 0


def bytes_of(clone: Database, table: str) -> bytes:
    clone.execute("checkpoint")
    query = "select pg_read_binary_file(pg_relation_filepath(%s))"
    (found,) = clone.execute(query, (table,)).fetchone() or (b"",)
    return bytes(found)


def test_an_original_in_a_comment_is_found(clone: Database) -> None:
    masked(clone)
    clone.execute("comment on column person.note is 'ask adalind holmgren'")

    with pytest.raises(LeaksFound, match=r"comments.said: original inside in 1 rows"):
        proven(clone)


def test_tables_of_other_servers_are_named_as_not_read(clone: Database) -> None:
    masked(clone)
    clone.execute("create foreign data wrapper elsewhere")
    clone.execute("create server far foreign data wrapper elsewhere")
    clone.execute("create foreign table far_people (name text) server far")

    signed = proven(clone)

    assert isinstance(signed, SignedCertificate)
    assert signed.certificate.not_read == ("foreign table far_people",)
