"""Text inside documents is read, also where their bytes do not show it; what is not is said so."""

import base64
import gzip

import pytest

from shared.masking.proof import documents
from shared.masking.proof.documents import Unreadable, texts, type_of

from .samples import docx, linked, pdf, xlsx, zipped

NAME = "Adalind Holmgren"


def text_of(content: bytes) -> str:
    return b"\n".join(texts(content)).decode()


@pytest.mark.parametrize(
    "content",
    [
        pdf(f"Invoice for {NAME}"),
        docx("Dear Ada", "lind Holm", "gren,"),
        xlsx("city", NAME),
        zipped({"names.csv": f"1;{NAME}\n".encode()}),
        zipped({"bill.pdf": pdf(NAME)}),
        zipped({f"{NAME}.png": b""}),
        linked(NAME),
        gzip.compress(NAME.encode()),
        base64.b64encode(pdf(NAME)),
        base64.b64encode(docx(NAME)),
    ],
    ids=[
        "pdf",
        "docx",
        "xlsx",
        "zip",
        "pdf in zip",
        "name in zip",
        "link in pdf",
        "gzip",
        "pdf in base64",
        "docx in base64",
    ],
)
def test_the_text_of_a_document_is_read(content: bytes) -> None:
    assert NAME in text_of(content)


def test_properties_of_a_pdf_are_read() -> None:
    assert NAME in text_of(pdf("nothing", author=NAME))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"%PDF-1.7 and then nothing", "broken"),
        (b"PK\x03\x04 and then nothing", "broken"),
        (b"\x1f\x8b\x08\x00 and then nothing", "broken"),
        (docx(NAME)[:-30], "broken"),
        (zipped({"inner.zip": zipped({"a": b"b"})}), "an archive in an archive"),
        (gzip.compress(gzip.compress(NAME.encode())), "an archive in an archive"),
    ],
    ids=["pdf", "zip", "gzip", "docx cut short", "zip in zip", "gzip in gzip"],
)
def test_a_document_that_cannot_be_read_is_named_so(content: bytes, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        text_of(content)


@pytest.mark.parametrize("kind", ["archive", "gzip"])
def test_a_bomb_is_not_unpacked(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "LARGEST", 100_000)
    zeros = bytes(100_001)
    bomb = zipped({"zeros": zeros}) if kind == "archive" else gzip.compress(zeros)

    with pytest.raises(Unreadable, match="too large"):
        text_of(bomb)


def test_a_type_is_told_by_content() -> None:
    beginnings = (
        b"\x89PNG\r\n",
        b"\xff\xd8\xff\xe0",
        b"\xff\xfea\0",
        b"a,b\r\n",
        b"\xd0\xcf\x11\xe0\0\0",
    )

    assert [type_of(each) for each in beginnings] == [
        "picture", "picture", "text", "text", "other"
    ]  # fmt: skip
