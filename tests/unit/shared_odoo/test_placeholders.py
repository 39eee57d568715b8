"""Each placeholder is a document of its type, as its usual reader sees it."""

import csv
import hashlib
import io
import json
import zipfile
from email import message_from_bytes
from xml.etree import ElementTree

import pytest
from PIL import Image
from pypdf import PdfReader

from shared.odoo.placeholders import CONTENTS, PLACEHOLDERS

IMAGES = [each for each in PLACEHOLDERS if each.startswith("image/") and "svg" not in each]
PACKAGES = [each for each in PLACEHOLDERS if "openxmlformats" in each]
MARKUP = ["application/xml", "text/xml", "text/html", "image/svg+xml"]


@pytest.mark.parametrize("mimetype", IMAGES)
def test_a_picture_is_one_pixel_of_its_format(mimetype: str) -> None:
    with Image.open(io.BytesIO(PLACEHOLDERS[mimetype].content)) as image:
        image.load()

        assert image.get_format_mimetype() == mimetype
        assert image.size == (1, 1)


def test_a_pdf_has_one_page_that_says_what_it_is() -> None:
    reader = PdfReader(io.BytesIO(PLACEHOLDERS["application/pdf"].content), strict=True)

    assert [page.extract_text() for page in reader.pages] == ["Content removed from this copy"]


@pytest.mark.parametrize("mimetype", PACKAGES)
def test_an_office_document_is_a_package_of_well_formed_parts(mimetype: str) -> None:
    with zipfile.ZipFile(io.BytesIO(PLACEHOLDERS[mimetype].content)) as package:
        parts = {name: package.read(name) for name in package.namelist()}

    assert {"[Content_Types].xml", "_rels/.rels"} < set(parts)
    assert all(ElementTree.fromstring(part) is not None for part in parts.values())
    assert any(b"Content removed from this copy" in part for part in parts.values())


@pytest.mark.parametrize("mimetype", MARKUP)
def test_markup_is_well_formed(mimetype: str) -> None:
    assert ElementTree.fromstring(PLACEHOLDERS[mimetype].content) is not None


def test_the_other_types_can_be_read() -> None:
    content = {mimetype: each.content for mimetype, each in PLACEHOLDERS.items()}

    assert zipfile.ZipFile(io.BytesIO(content["application/zip"])).namelist() == []
    assert json.loads(content["application/json"]) == {}
    assert list(csv.reader(content["text/csv"].decode().splitlines())) == [["removed"]]
    assert message_from_bytes(content["message/rfc822"])["Subject"] == "removed"


def test_files_are_named_as_odoo_names_them() -> None:
    for path, content in CONTENTS.items():
        digest = hashlib.sha1(content).hexdigest()

        assert path == f"{digest[:2]}/{digest}"
