"""``signalbox mask`` on a copy of Odoo, without anything else of Signalbox."""

import json

from psycopg.conninfo import make_conninfo
from typer.testing import CliRunner

from shared.masking.proof import SignedCertificate
from shared.odoo.neutralize import neutralize
from shared.odoo.placeholders import PLACEHOLDERS
from shared.postgres.marker import Database
from signalbox.mask import app

from .conftest import CLONE, KEY
from .test_documents import REAL, add
from .test_neutralize import RULES


def test_a_copy_of_odoo_is_masked_neutralized_and_certified(copy: Database) -> None:
    dsn = make_conninfo(copy.info.dsn, password=copy.info.password)
    kept_here = add(copy, store_fname=None, db_datas=b"Ada Holm", mimetype="application/pdf")
    stored = add(copy, mimetype="application/pdf")

    done = mask("run", dsn, "--base-url", "https://copy.acme.example")
    proven = mask("prove", dsn)

    signed = SignedCertificate.model_validate_json(proven)
    assert json.loads(done)["neutralized"]["ir_cron"] > 0
    assert json.loads(done)["documents"] >= 1
    assert json.loads(done)["documents_out_of_reach"] >= 1
    pdf = PLACEHOLDERS["application/pdf"]
    assert content_of(copy, kept_here) == (None, pdf.content, pdf.sha1)
    assert content_of(copy, stored) == (REAL, None, None)
    assert signed.certificate.verdicts["mail"] == "neutralized"
    assert signed.certificate.verdicts["crm"] == "quiet"
    assert set(signed.certificate.verdicts) == set(signed.certificate.modules)
    assert copy.execute(
        "select value from ir_config_parameter where key = 'web.base.url'"
    ).fetchone() == ("https://copy.acme.example",)
    assert neutralize(copy, CLONE, RULES).changed == {}


def content_of(connection: Database, key: int) -> tuple[object, ...] | None:
    query = "select store_fname, db_datas, checksum from ir_attachment where id = %s"
    return connection.execute(query, (key,)).fetchone()


def mask(command: str, dsn: str, *more: str) -> str:
    env = {"SIGNALBOX_MASKING_KEY": KEY.decode()}
    done = CliRunner().invoke(app, [command, "--dsn", dsn, "--json", *more], env=env)
    assert done.exit_code == 0, done.output
    return done.stdout
