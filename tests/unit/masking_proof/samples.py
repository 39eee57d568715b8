"""Small documents of each kind."""

import io
import zipfile
import zlib
from collections.abc import Mapping

from pypdf import PdfWriter
from pypdf.annotations import Link


def zipped(members: Mapping[str, bytes]) -> bytes:
    """An archive."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, member in members.items():
            archive.writestr(name, member)
    return content.getvalue()


def docx(*runs: str) -> bytes:
    """A text of one paragraph, in runs as Word makes them, which part words anywhere."""
    body = "".join(f"<w:r><w:t>{run}</w:t></w:r>" for run in runs)
    return zipped({"word/document.xml": f"<?xml version='1.0'?><w:p>{body}</w:p>".encode()})


def xlsx(*cells: str) -> bytes:
    """A table of one row."""
    strings = "".join(f"<si><t>{cell}</t></si>" for cell in cells)
    return zipped({"xl/sharedStrings.xml": f"<?xml version='1.0'?><sst>{strings}</sst>".encode()})


def linked(to: str) -> bytes:
    """A PDF without a text, with a link."""
    content, writer = io.BytesIO(), PdfWriter()
    writer.add_blank_page(100, 100)
    writer.add_annotation(0, Link(rect=(0, 0, 9, 9), url=f"mailto:{to}"))
    writer.write(content)
    return content.getvalue()


def pdf(line: str, author: str = "nobody") -> bytes:
    """One page with one line, compressed."""
    page = zlib.compress(f"BT /F1 12 Tf 40 780 Td ({line}) Tj ET".encode())
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(page), page),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Author (%s) >>" % author.encode(),
    )
    content, places = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        places.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    trailer = b"<< /Size 7 /Root 1 0 R /Info 6 0 R >>\nstartxref\n%d\n%%%%EOF" % len(content)
    return content + b"xref\n0 7\n0000000000 65535 f \n" + table + b"trailer\n" + trailer
