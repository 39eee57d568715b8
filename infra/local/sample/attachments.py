"""Attachments of the sample: small real files and the rows that point to them."""

import hashlib
import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
from psycopg.rows import class_row

from infra.local.sample.filestore import FileSink

INVOICES = """
    select m.id, m.name as number, m.date, m.amount_total as total,
        p.id as partner, p.name, p.street, p.city,
        coalesce(p.email_normalized, '') as email, coalesce(p.phone_sanitized, '') as phone
    from account_move m join res_partner p on p.id = m.partner_id
    where m.move_type = 'out_invoice' and m.state = 'posted'
    order by m.id limit greatest(12, (select count(*) from res_partner) / 50)
"""
COLUMNS = """
    copy ir_attachment (name, res_model, res_id, res_field, type, store_fname, checksum,
        file_size, mimetype, index_content, access_token, public, company_id, create_uid,
        create_date) from stdin
"""
LINK_TO_MESSAGES = """
    insert into message_attachment_rel (message_id, attachment_id)
    select v.id, a.id from ir_attachment a
    join mail_message v on v.model = a.res_model and v.res_id = a.res_id
    where a.res_model = 'account.move'
"""


@dataclass(frozen=True)
class Invoice:
    """An invoice and whom it went to: what the files are about."""

    id: int
    number: str
    date: object
    total: object
    partner: int
    name: str
    street: str
    city: str
    email: str
    phone: str


@dataclass(frozen=True)
class Attachment:
    """A file and the record it belongs to."""

    name: str
    model: str
    record: int
    mimetype: str
    content: bytes
    field: str | None = None
    text: str | None = None


def attach_files(connection: psycopg.Connection, sink: FileSink) -> int:
    """Insert the rows, hand the files to ``sink`` once each, and return how many there were."""
    invoices = connection.cursor(row_factory=class_row(Invoice)).execute(INVOICES).fetchall()
    seen = set()
    with connection.transaction(), connection.cursor() as cursor:
        with cursor.copy(COLUMNS) as copy:
            for attachment in _attachments(invoices):
                checksum = hashlib.sha1(attachment.content).hexdigest()
                path = f"{checksum[:2]}/{checksum}"
                copy.write_row(_row(attachment, path, checksum))
                if path not in seen:
                    sink(path, attachment.content)
                seen.add(path)
        cursor.execute(LINK_TO_MESSAGES)
    return len(seen)


def _row(attachment: Attachment, path: str, checksum: str) -> tuple[object, ...]:
    token = hashlib.md5(path.encode()).hexdigest() if attachment.record % 5 == 0 else None
    return (
        attachment.name,
        attachment.model,
        attachment.record,
        attachment.field,
        "binary",
        path,
        checksum,
        len(attachment.content),
        attachment.mimetype,
        attachment.text,
        token,
        False,
        1,
        2,
        "2026-06-30 18:00",
    )


def _attachments(invoices: list[Invoice]) -> Iterator[Attachment]:
    for position, invoice in enumerate(invoices):
        yield MAKERS[position % len(MAKERS)](invoice)


def _invoice_pdf(invoice: Invoice) -> Attachment:
    lines = (f"Invoice {invoice.number}", invoice.name, invoice.street, invoice.city)
    name = f"{invoice.number.replace('/', '_')}.pdf"
    text = _indexed("\n".join(lines))
    return Attachment(name, "account.move", invoice.id, "application/pdf", pdf(lines), text=text)


def _portrait(invoice: Invoice) -> Attachment:
    """Few colours, so that several partners share one file, as avatars do."""
    colour = (invoice.partner * 40 % 256, 120, 200)
    return Attachment(
        "image_128", "res.partner", invoice.partner, "image/png", png(8, colour), field="image_128"
    )


def _call_note(invoice: Invoice) -> Attachment:
    text = f"{invoice.name} ({invoice.phone}) promised {invoice.total} for {invoice.number}."
    return Attachment(
        f"Call {invoice.name}.txt",
        "account.move",
        invoice.id,
        "text/plain",
        text.encode(),
        text=_indexed(text),
    )


def _contact_list(invoice: Invoice) -> Attachment:
    text = (
        "name,email,phone,city\n"
        f'"{invoice.name}",{invoice.email},{invoice.phone},"{invoice.city}"\n'
    )
    return Attachment(
        "contacts.csv",
        "res.partner",
        invoice.partner,
        "text/csv",
        text.encode(),
        text=_indexed(text),
    )


MAKERS = (_invoice_pdf, _portrait, _call_note, _contact_list)


def _indexed(text: str) -> str:
    """Odoo's search index keeps printable ASCII; every other run of characters is a line break."""
    return re.sub(r"[^\x20-\x7e]+", "\n", text)


def png(side: int, colour: tuple[int, int, int]) -> bytes:
    """Return a square of one colour as a PNG image."""
    row = b"\0" + bytes(colour) * side
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(row * side)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


def pdf(lines: tuple[str, ...]) -> bytes:
    """Return one page with the lines as a PDF document; letters outside Latin-1 become ``?``."""
    shown = [re.sub(rb"([\\()])", rb"\\\1", line.encode("latin-1", "replace")) for line in lines]
    page = b"BT /F1 12 Tf 14 TL 40 780 Td " + b" ".join(b"(%s) Tj T*" % line for line in shown)
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s ET\nendstream" % (len(page) + 3, page),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    )
    document, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(document))
        document += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return document + (
        b"xref\n0 6\n0000000000 65535 f \n%s" % table
        + b"trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(document)
    )
