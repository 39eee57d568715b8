"""What stands in a clone for documents that it must not have: an empty one of the same type.

Each is the same few bytes every time, so the filestore holds one file per type.
"""

import base64
import hashlib
import io
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

_TEXT = "Content removed from this copy"
_OFFICE = "application/vnd.openxmlformats-officedocument"
_DECLARED = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_SCHEMAS = "http://schemas.openxmlformats.org"
_JPEG = (
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABALDA4MChAODQ4SERATGCgaGBYWGDEjJR0oOjM9PDkzODdASFxOQERXRTc4"
    "UG1RV19iZ2hnPk1xeXBkeFxlZ2P/wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAABv/EABQQAQAAAAAAAAAA"
    "AAAAAAAAAAD/2gAIAQEAAD8ASP/Z"
)
_GIF = "R0lGODlhAQABAIAAAMjIyAAAACwAAAAAAQABAAACAkQBADs="
_WEBP = "UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA=="


@dataclass(frozen=True)
class Placeholder:
    """A document without content, of one MIME type."""

    mimetype: str
    content: bytes

    @cached_property
    def sha1(self) -> str:
        """As Odoo names and checks files."""
        return hashlib.sha1(self.content).hexdigest()

    @property
    def path(self) -> str:
        """Where Odoo's filestore has it."""
        return f"{self.sha1[:2]}/{self.sha1}"


def _png() -> bytes:
    """One grey pixel."""
    header = b"IHDR" + (1).to_bytes(4) + (1).to_bytes(4) + bytes((8, 0, 0, 0, 0))
    # Not compressed: the bytes must not depend on the version of zlib.
    chunks = (header, b"IDAT" + zlib.compress(b"\0\xc8", 0), b"IEND")
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (len(chunk) - 4).to_bytes(4) + chunk + zlib.crc32(chunk).to_bytes(4) for chunk in chunks
    )


def _pdf() -> bytes:
    """One page with a line of text."""
    page = f"BT /F1 12 Tf 40 780 Td ({_TEXT}) Tj ET".encode()
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(page), page),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    document, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(b"%010d 00000 n \n" % len(document))
        document += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"xref\n0 6\n0000000000 65535 f \n" + b"".join(offsets)
    trailer = b"trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(document)
    return document + table + trailer


def _zip(files: Mapping[str, str]) -> bytes:
    """An archive, not compressed and without a date, so that its bytes are always the same."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return target.getvalue()


def _office(part: str, kind: str, content: str, **more: str) -> bytes:
    """A package of Office Open XML around its main part."""
    main = f"application/vnd.openxmlformats-officedocument.{kind}.main+xml"
    sheet = f"{_OFFICE}.spreadsheetml.worksheet+xml"
    overrides = f'<Override PartName="/{part}" ContentType="{main}"/>' + "".join(
        f'<Override PartName="/{name}" ContentType="{sheet}"/>'
        for name in more
        if name.endswith("sheet1.xml")
    )
    return _zip(
        {
            "[Content_Types].xml": _DECLARED
            + f'<Types xmlns="{_SCHEMAS}/package/2006/content-types">'
            '<Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Default Extension="xml" ContentType="application/xml"/>{overrides}</Types>',
            "_rels/.rels": _relation("officeDocument", part),
            part: _DECLARED + content,
            **{name: _DECLARED + text.removeprefix(_DECLARED) for name, text in more.items()},
        }
    )


def _relation(kind: str, target: str) -> str:
    return (
        f'{_DECLARED}<Relationships xmlns="{_SCHEMAS}/package/2006/relationships">'
        f'<Relationship Id="rId1" Type="{_SCHEMAS}/officeDocument/2006/relationships/{kind}" '
        f'Target="{target}"/></Relationships>'
    )


def _docx() -> bytes:
    names = f'xmlns:w="{_SCHEMAS}/wordprocessingml/2006/main"'
    body = f"<w:body><w:p><w:r><w:t>{_TEXT}</w:t></w:r></w:p></w:body>"
    content = f"<w:document {names}>{body}</w:document>"
    return _office("word/document.xml", "wordprocessingml.document", content)


def _xlsx() -> bytes:
    main = f'xmlns="{_SCHEMAS}/spreadsheetml/2006/main"'
    relations = f'xmlns:r="{_SCHEMAS}/officeDocument/2006/relationships"'
    sheets = '<sheets><sheet name="Removed" sheetId="1" r:id="rId1"/></sheets>'
    cell = f'<c r="A1" t="inlineStr"><is><t>{_TEXT}</t></is></c>'
    rows = f'<sheetData><row r="1">{cell}</row></sheetData>'
    return _office(
        "xl/workbook.xml",
        "spreadsheetml.sheet",
        f"<workbook {main} {relations}>{sheets}</workbook>",
        **{
            "xl/_rels/workbook.xml.rels": _relation("worksheet", "worksheets/sheet1.xml"),
            "xl/worksheets/sheet1.xml": f"<worksheet {main}>{rows}</worksheet>",
        },
    )


OTHER = Placeholder("text/plain", _TEXT.encode())
"""For every type that has no placeholder of its own."""

PLACEHOLDERS: Mapping[str, Placeholder] = {
    mimetype: Placeholder(mimetype, content)
    for mimetype, content in {
        "application/json": b"{}",
        "application/pdf": _pdf(),
        "application/xml": b"<removed/>",
        "application/zip": _zip({}),
        f"{_OFFICE}.spreadsheetml.sheet": _xlsx(),
        f"{_OFFICE}.wordprocessingml.document": _docx(),
        "image/gif": base64.b64decode(_GIF),
        "image/jpeg": base64.b64decode(_JPEG),
        "image/png": _png(),
        "image/svg+xml": b'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>',
        "image/webp": base64.b64decode(_WEBP),
        "message/rfc822": f"Subject: removed\r\n\r\n{_TEXT}\r\n".encode(),
        "text/csv": b"removed\r\n",
        "text/html": f"<p>{_TEXT}</p>".encode(),
        "text/xml": b"<removed/>",
    }.items()
} | {OTHER.mimetype: OTHER}
"""By MIME type."""

CONTENTS: Mapping[str, bytes] = {each.path: each.content for each in PLACEHOLDERS.values()}
"""What the filestore has to hold, by path."""
