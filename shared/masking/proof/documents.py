"""Text inside documents: PDF, Office and other archives, told by their content, not by their name.

What cannot be read as text is still searched as bytes, and counted by type.
"""

import base64
import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import Literal

from pypdf import PageObject, PdfReader
from pypdf.errors import PyPdfError

LARGEST = 32 * 1024 * 1024
"""Bytes of the largest document that is unpacked, and of all that is unpacked from one."""

_PAGES = 2_000
_MEMBERS = 5_000

DocumentType = Literal["text", "pdf", "archive", "gzip", "picture", "other"]

_BEGINNINGS: tuple[tuple[bytes, DocumentType], ...] = (
    (b"%PDF", "pdf"),
    (b"PK\x03\x04", "archive"),
    (b"\x1f\x8b", "gzip"),
    (b"\x89PNG", "picture"),
    (b"\xff\xd8\xff", "picture"),
    (b"GIF8", "picture"),
    (b"RIFF", "picture"),
    (b"\x00\x00\x01\x00", "picture"),
    (b"BM", "picture"),
)

UNPACKED: frozenset[DocumentType] = frozenset({"pdf", "archive", "gzip"})
"""Types whose text is not in their bytes as they stand."""

BEGINNING = 64
"""Bytes that tell the type."""

_IN_BASE64 = re.compile(rb"JVBERi|UEsDB|H4sI")
"""How those begin that Odoo keeps in base64 in a column of bytes."""

_ORDERS = (b"\xff\xfe", b"\xfe\xff")
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")
_PARAGRAPH = re.compile(
    rb"</(?:\w+:)?(?:p|h|si|c|row|tr|td|title|creator|lastModifiedBy)>"
    rb"|<(?:\w+:)?(?:tab|br|s)\b[^<>]*>"
)
_TAG = re.compile(rb"<[^<>]*>")


class Unreadable(Exception):
    """A document that is broken, encrypted, or larger than what we unpack."""


def type_of(beginning: bytes) -> DocumentType:
    """What a document is, by its first bytes.

    >>> type_of(b"%PDF-1.7"), type_of(b"a,b"), type_of(bytes(9))
    ('pdf', 'text', 'other')
    """
    if _IN_BASE64.match(beginning):
        beginning = base64.b64decode(beginning[: len(beginning) // 4 * 4])
    for start, found in _BEGINNINGS:
        if beginning.startswith(start):
            return found
    is_text = beginning.startswith(_ORDERS) or not _CONTROL.search(beginning)
    return "text" if is_text else "other"


def texts(content: bytes) -> Iterator[bytes]:
    """The texts in a document of one of the types that have to be unpacked. Raises Unreadable."""
    if _IN_BASE64.match(content):
        content = base64.b64decode(content)
    match type_of(content[:BEGINNING]):
        case "pdf":
            yield from _pdf(content)
        case "archive":
            yield from _archive(content)
        case "gzip":
            yield _gunzip(content)
        case _:
            yield content


def _pdf(content: bytes) -> Iterator[bytes]:
    """Pages, properties, links, notes, forms; of what a font does not tell the letters, nothing."""
    try:
        reader = PdfReader(io.BytesIO(content))
        if reader.is_encrypted and not reader.decrypt(""):
            raise Unreadable("encrypted")
        if len(reader.pages) > _PAGES:
            raise Unreadable("too many pages")
        yield "\n".join(str(value) for value in (reader.metadata or {}).values()).encode()
        for page in reader.pages:
            yield page.extract_text().encode("utf-8", "replace")
            yield "\n".join(_annotations(page)).encode("utf-8", "replace")
    except _BROKEN as error:
        raise Unreadable("broken") from error


def _annotations(page: PageObject) -> Iterator[str]:
    """Where a page's links lead, what its notes say, what its forms hold: all by reference."""
    for annotation in page.annotations or ():
        for value in annotation.get_object().values():
            yield str(value.get_object())


_BROKEN = (
    PyPdfError, ValueError, KeyError, IndexError, TypeError, AttributeError, RuntimeError, OSError,
    EOFError, zlib.error, zipfile.BadZipFile,
)  # fmt: skip
"""What libraries raise for documents that are not what they say they are."""


def _archive(content: bytes) -> Iterator[bytes]:
    """Names and contents of the members; of Office, the text without its tags, too."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        members = archive.infolist()
        if len(members) > _MEMBERS or sum(each.file_size for each in members) > LARGEST:
            raise Unreadable("too large")
        yield "\n".join(each.filename for each in members).encode("utf-8", "replace")
        for member in members:
            yield from _member(member.filename, archive.read(member))
    except _BROKEN as error:
        raise Unreadable("broken") from error


def _member(name: str, content: bytes) -> Iterator[bytes]:
    inner = type_of(content[:BEGINNING])
    if inner in ("archive", "gzip"):
        raise Unreadable("an archive in an archive")
    if inner == "pdf":
        yield from _pdf(content)
        return
    yield content
    if name.endswith((".xml", ".rels")):
        yield _TAG.sub(b"", _PARAGRAPH.sub(b"\n", content))


def _gunzip(content: bytes) -> bytes:
    try:
        with gzip.open(io.BytesIO(content)) as stream:
            unpacked = stream.read(LARGEST + 1)
    except _BROKEN as error:
        raise Unreadable("broken") from error
    if len(unpacked) > LARGEST or type_of(unpacked[:BEGINNING]) in UNPACKED:
        raise Unreadable("too large, or an archive in an archive")
    return unpacked
