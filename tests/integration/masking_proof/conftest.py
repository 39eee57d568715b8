"""A clone with one column for every kind of verdict."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, get_args

import psycopg
import pytest

from shared.masking import MaskingPolicy, mask_tables, plan_masking
from shared.masking.catalogue import Kind
from shared.masking.proof import ProofProgress, SignedCertificate, prove, remember
from shared.postgres.marker import CloneMarker, Database, write_marker

RUN, EPOCH = "run-7", 3
KEY = b"a masking key of thirty-two byte"
LONG = timedelta(minutes=1)

MASKED = {
    "city": "Weissenburg",
    "email": "ada.holm@acme.example",
    "file_name": "Ada Holm invoice.pdf",
    "html": "<p>Ada owes us money</p>",
    "iban": "FR7630006000011234567890189",
    "identifier": "812345678900019",
    "ip": "203.117.44.135",
    "label": "Twelve chairs for Ada",
    "login": "ada.login@acme.example",
    "message_id": "<ab12cd34.1699@mail.acme.example>",
    "name": "Adalind Holmgren",
    "phone": "+33 1 40 10 60 28",
    "street": "64, boulevard de Remy",
    "template_email": "sales.office@acme.example",
    "text": "She called twice about it",
    "token": "6f1c9a5200004d7b9e115ac2b7d4e001",
    "url": "https://www.adalind-holmgren.example",
    "vat": "FRZ8556907096",
}


def rules() -> list[dict[str, Any]]:
    """A rule for every masker, and for what is cleared."""
    masked = [
        {"verdict": "mask", "masker": kind, "columns": [f"person.a_{kind}"], "why": kind}
        for kind in MASKED
    ]
    return [
        *masked,
        {"verdict": "mask", "masker": "year", "kinds": ["date"], "columns": ["*.born"], "why": "y"},
        {"verdict": "clear", "columns": ["*.password"], "why": "secret"},
        {"verdict": "clear", "kinds": ["number"], "columns": ["*.latitude"], "why": "place"},
        {"verdict": "keep", "columns": ["*"], "kinds": get_args(Kind), "why": "the rest"},
    ]


def policy(*without: str) -> MaskingPolicy:
    """The policy, with the rules of these reasons switched off."""
    drops = [] if "queue" in without else [{"tables": ["queue"], "why": "queue"}]
    kept = [rule for rule in rules() if rule["why"] not in without]
    return MaskingPolicy.model_validate({"version": 1, "drop_rows": drops, "rules": kept})


@pytest.fixture
def clone(database: str) -> Iterator[Database]:
    """An autocommit connection to a clone of RUN with two people."""
    with psycopg.connect(database, autocommit=True) as connection:
        write_marker(connection, CloneMarker.new(RUN, "7000000000000000001", "acme_prod", EPOCH))
        columns = ", ".join(f"a_{kind} text" for kind in MASKED)
        connection.execute(
            "create table person (id serial primary key, born date, password text,"  # type: ignore[arg-type]
            f" latitude double precision, note text, {columns})"
        )
        names = ", ".join(f"a_{kind}" for kind in MASKED)
        holes = ", ".join(["%s"] * len(MASKED))
        connection.execute(
            f"insert into person (born, password, latitude, {names})"  # type: ignore[arg-type]
            f" values ('1815-12-10', 'Sm7pFAKEpassw0rd0101', 48.8, {holes})",
            list(MASKED.values()),
        )
        connection.execute("create table queue (id serial primary key, message text)")
        connection.execute("insert into queue (message) values ('hello')")
        yield connection


def remembered(clone: Database) -> None:
    """Remember what the whole policy will replace."""
    remember(clone, plan_masking(clone, policy()), KEY, run_id=RUN, epoch=EPOCH)


def masked(clone: Database, *without: str) -> None:
    """Remember, then mask without some rules."""
    remembered(clone)
    plan = plan_masking(clone, policy(*without))
    mask_tables(clone, plan, KEY, run_id=RUN, epoch=EPOCH, budget=LONG)


def proven(
    clone: Database, key: bytes = KEY, budget: timedelta = LONG
) -> SignedCertificate | ProofProgress:
    plan = plan_masking(clone, policy())
    return prove(clone, plan, key, run_id=RUN, epoch=EPOCH, budget=budget)
