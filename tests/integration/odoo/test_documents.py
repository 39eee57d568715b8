"""Documents in a clone: which are replaced, which are kept, and that nothing of them is left."""

from collections.abc import Iterator

import pytest

from infra.local.postgres import PostgresServer
from shared.masking import load_policy
from shared.masking.policy import AttachmentRule
from shared.odoo.checks import Expected
from shared.odoo.documents import real_documents, replace_documents
from shared.odoo.placeholders import PLACEHOLDERS
from shared.odoo.verify import CHECKS, verify
from shared.postgres.marker import Database, NotAClone

from .conftest import CLONE, copied

RULES = load_policy().attachments
REAL = "00/0000000000000000000000000000000000000000"
REPLACED = [
    ("account.move", "application/pdf", "application/pdf"),
    ("res.partner", "image/png", "image/png"),
    ("hr.employee", "image/jpeg", "image/jpeg"),
    ("product.template", "application/pdf", "application/pdf"),
    ("hospital.patient", "text/plain", "text/plain"),
    ("crm.lead", "application/msword", "text/plain"),
    ("crm.lead", None, "text/plain"),
]
"""Model, type, and the type of the placeholder."""
KEPT: list[dict[str, object]] = [
    {"res_model": "product.template", "mimetype": "image/png"},
    {"res_model": "ir.ui.menu", "mimetype": "image/png"},
    {"res_model": None, "mimetype": "text/css", "url": "/web/assets/1/web.css"},
]


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


@pytest.fixture(scope="module")
def replaced(postgres: PostgresServer, restored: str) -> Iterator[tuple[Database, list[int]]]:
    """A clone whose documents were replaced, and the ids of the REPLACED and the KEPT."""
    with copied(postgres, restored) as copy:
        keys = [add(copy, res_model=model, mimetype=kind) for model, kind, _ in REPLACED]
        keys += [add(copy, **values) for values in KEPT]
        assert replace_documents(copy, CLONE, RULES) > len(REPLACED)
        yield copy, keys


def test_a_document_that_no_rule_keeps_becomes_a_placeholder_of_its_type(
    replaced: tuple[Database, list[int]],
) -> None:
    copy, keys = replaced

    for key, (_, _, known) in zip(keys, REPLACED, strict=False):
        assert file_of(copy, key) == (PLACEHOLDERS[known].path, known)


def test_pictures_of_products_and_odoos_own_files_are_kept(
    replaced: tuple[Database, list[int]],
) -> None:
    copy, keys = replaced

    for key, values in zip(keys[len(REPLACED) :], KEPT, strict=True):
        assert file_of(copy, key) == (REAL, values["mimetype"])


def test_replacing_twice_changes_nothing_the_second_time(
    replaced: tuple[Database, list[int]],
) -> None:
    assert replace_documents(replaced[0], CLONE, RULES) == 0


def test_without_rules_nothing_is_kept(copy: Database) -> None:
    replace_documents(copy, CLONE, ())

    assert real_documents(copy, ()) == []


def test_the_first_rule_that_applies_decides(copy: Database) -> None:
    replace = AttachmentRule(verdict="replace", models=("product.*",), why="ours are secret")
    key = add(copy, res_model="product.template", mimetype="image/png")

    replace_documents(copy, CLONE, (replace, *RULES))

    assert file_of(copy, key) == (PLACEHOLDERS["image/png"].path, "image/png")


def test_a_link_to_a_cloud_storage_leads_nowhere(copy: Database) -> None:
    key = add(copy, type="url", store_fname=None, url="https://prod.blob.core.example/contract.pdf")

    replace_documents(copy, CLONE, RULES)

    found = copy.execute("select url from ir_attachment where id = %s", (key,)).fetchone()
    assert found == ("https://removed.invalid/",)


def test_no_document_is_replaced_in_a_database_without_our_marker(clone: Database) -> None:
    key = add(clone, res_model="account.move", mimetype="application/pdf")
    clone.execute("drop schema signalbox cascade")

    with pytest.raises(NotAClone):
        replace_documents(clone, CLONE, RULES)

    assert file_of(clone, key) == (REAL, "application/pdf")


def test_a_document_that_came_back_fails_the_verification(
    sanitized: Database, expected: Expected
) -> None:
    key = add(sanitized, res_model="account.move", mimetype="application/pdf")
    asked = [check for check in CHECKS if check.name == "documents-replaced"]

    (result,) = verify(sanitized, expected, asked)

    assert (result.passed, result.detail) == (False, f"attachment {key}")
