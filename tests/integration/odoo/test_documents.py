"""Documents in a clone: which are replaced, which are kept, and that nothing of them is left."""

import psycopg
import pytest

from shared.masking import load_policy
from shared.masking.policy import AttachmentRule
from shared.odoo.checks import Expected
from shared.odoo.documents import real_documents, replace_documents
from shared.odoo.placeholders import PLACEHOLDERS
from shared.odoo.verify import verify
from shared.postgres.marker import Database, NotAClone

from .conftest import CLONE

RULES = load_policy().attachments
REAL = "00/0000000000000000000000000000000000000000"


def add(connection: Database, **values: object) -> int:
    """An attachment with a file of its own; returns its id."""
    columns = {"type": "binary", "store_fname": REAL, "name": "x", **values}
    names, places = ", ".join(columns), ", ".join(f"%({name})s" for name in columns)
    row = connection.execute(
        f"insert into ir_attachment ({names}) values ({places}) returning id".encode(), columns
    ).fetchone()
    assert row is not None
    return int(row[0])


def file_of(connection: Database, key: int) -> tuple[object, ...] | None:
    query = "select store_fname, mimetype from ir_attachment where id = %s"
    return connection.execute(query, (key,)).fetchone()


@pytest.mark.parametrize(
    ("model", "mimetype"),
    [
        ("account.move", "application/pdf"),
        ("res.partner", "image/png"),
        ("hr.employee", "image/jpeg"),
        ("product.template", "application/pdf"),
        ("hospital.patient", "text/plain"),
    ],
)
def test_a_document_that_no_rule_keeps_becomes_a_placeholder_of_its_type(
    copy: Database, model: str, mimetype: str
) -> None:
    key = add(copy, res_model=model, mimetype=mimetype)

    replace_documents(copy, CLONE, RULES)

    assert file_of(copy, key) == (PLACEHOLDERS[mimetype].path, mimetype)


@pytest.mark.parametrize("mimetype", ["application/msword", None])
def test_a_document_of_an_unknown_type_becomes_text(copy: Database, mimetype: str | None) -> None:
    key = add(copy, res_model="crm.lead", mimetype=mimetype)

    replace_documents(copy, CLONE, RULES)

    assert file_of(copy, key) == (PLACEHOLDERS["text/plain"].path, "text/plain")


@pytest.mark.parametrize(
    "values",
    [
        {"res_model": "product.template", "mimetype": "image/png"},
        {"res_model": "ir.ui.menu", "mimetype": "image/png"},
        {"res_model": None, "mimetype": "text/css", "url": "/web/assets/1/web.css"},
    ],
)
def test_pictures_of_products_and_odoos_own_files_are_kept(
    copy: Database, values: dict[str, object]
) -> None:
    key = add(copy, **values)

    replace_documents(copy, CLONE, RULES)

    assert file_of(copy, key) == (REAL, values["mimetype"])


def test_without_rules_nothing_is_kept(copy: Database) -> None:
    replace_documents(copy, CLONE, ())

    assert real_documents(copy, ()) == []


def test_the_first_rule_that_applies_decides(copy: Database) -> None:
    replace = AttachmentRule(verdict="replace", models=("product.*",), why="ours are secret")
    key = add(copy, res_model="product.template", mimetype="image/png")

    replace_documents(copy, CLONE, (replace, *RULES))

    assert file_of(copy, key) == (PLACEHOLDERS["image/png"].path, "image/png")


def test_replacing_twice_changes_nothing_the_second_time(copy: Database) -> None:
    first = replace_documents(copy, CLONE, RULES)

    second = replace_documents(copy, CLONE, RULES)

    assert first > 0
    assert second == 0


def test_a_link_to_a_cloud_storage_leads_nowhere(copy: Database) -> None:
    key = add(copy, type="url", store_fname=None, url="https://prod.blob.core.example/contract.pdf")

    replace_documents(copy, CLONE, RULES)

    found = copy.execute("select url from ir_attachment where id = %s", (key,)).fetchone()
    assert found == ("https://removed.invalid/",)


def test_no_document_is_replaced_in_a_database_without_our_marker(copy: Database) -> None:
    key = add(copy, res_model="account.move", mimetype="application/pdf")
    copy.execute("drop schema signalbox cascade")

    with pytest.raises(NotAClone):
        replace_documents(copy, CLONE, RULES)

    assert file_of(copy, key) == (REAL, "application/pdf")


def test_a_document_that_came_back_fails_the_verification(
    sanitized: psycopg.Connection[tuple[object, ...]], expected: Expected
) -> None:
    key = add(sanitized, res_model="account.move", mimetype="application/pdf")

    failed = {
        result.name: result.detail for result in verify(sanitized, expected) if not result.passed
    }

    assert failed["documents-replaced"] == f"attachment {key}"
