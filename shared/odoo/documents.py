"""Documents of people: in a clone each is replaced by a placeholder, unless a rule keeps it."""

from collections.abc import Sequence
from typing import LiteralString

from psycopg import sql

from shared.masking.policy import AttachmentRule
from shared.odoo.clone import Clone, read_schema
from shared.odoo.placeholders import OTHER, PLACEHOLDERS
from shared.postgres.marker import Database, require_clone

_REPLACE: LiteralString = """
update ir_attachment a set {assignments}
from unnest({given}::text[], {mimetypes}::text[], {paths}::text[], {digests}::text[],
            {sizes}::integer[]) as p (given, kind, path, sha1, bytes)
where p.given = case when a.mimetype = any ({given}) then a.mimetype else {other} end
  and {real}
"""

_CUT: LiteralString = """
update ir_attachment set url = 'https://removed.invalid/' where {elsewhere}
"""

_LEFT: LiteralString = "select id from ir_attachment where {real} or {elsewhere} order by id"

_FORM: dict[str, LiteralString] = {
    "store_fname": "p.path",
    "checksum": "p.sha1",
    "file_size": "p.bytes",
    "mimetype": "p.kind",
    "db_datas": "null",
    "index_content": "null",
}

_MATCHED: tuple[tuple[str, str], ...] = (
    ("models", "res_model"),
    ("fields", "res_field"),
    ("mimetypes", "mimetype"),
    ("names", "name"),
    ("urls", "url"),
)


def replace_documents(connection: Database, clone: Clone, rules: Sequence[AttachmentRule]) -> int:
    """Replace what no rule keeps, then rewrite the table, so that no dead row has a content.

    Links to documents elsewhere lead nowhere. The connection is in autocommit; repeating it
    changes nothing. Returns how many documents were replaced.

    Raises NotAClone and StaleEpoch before anything is changed.
    """
    with connection.transaction():
        require_clone(connection, run_id=clone.run_id, epoch=clone.epoch)
        columns = read_schema(connection)["ir_attachment"]
        assignments = (
            sql.SQL("{} = {}").format(sql.Identifier(name), sql.SQL(value))
            for name, value in _FORM.items()
            if name in columns
        )
        replace = sql.SQL(_REPLACE).format(
            assignments=sql.SQL(", ").join(assignments),
            other=sql.Literal(OTHER.mimetype),
            real=_real(rules, "db_datas" in columns),
            **_placeholders(),
        )
        replaced = connection.execute(replace).rowcount
        connection.execute(sql.SQL(_CUT).format(elsewhere=_elsewhere(rules)))
    connection.execute("vacuum (full, analyze) ir_attachment")
    return replaced


def real_documents(connection: Database, rules: Sequence[AttachmentRule]) -> list[int]:
    """The attachments that no rule keeps and that are no placeholder, nor a link to nowhere."""
    columns = read_schema(connection)["ir_attachment"]
    query = sql.SQL(_LEFT).format(
        real=_real(rules, "db_datas" in columns), elsewhere=_elsewhere(rules)
    )
    return [key for (key,) in connection.execute(query)]


def _placeholders() -> dict[str, sql.Literal]:
    """Arrays, composed: the patterns of rules have signs in them that a parameter would have."""
    known = sorted(PLACEHOLDERS.items())
    return {
        "given": sql.Literal([mimetype for mimetype, _ in known]),
        "mimetypes": sql.Literal([each.mimetype for _, each in known]),
        "paths": sql.Literal([each.path for _, each in known]),
        "digests": sql.Literal([each.sha1 for _, each in known]),
        "sizes": sql.Literal([len(each.content) for _, each in known]),
    }


def _real(rules: Sequence[AttachmentRule], has_data: bool) -> sql.Composed:
    """Of rows: not kept, and with a content that is no placeholder."""
    data = sql.SQL("db_datas is not null") if has_data else sql.SQL("false")
    return sql.SQL(
        "not ({kept}) and ({data} or (store_fname <> '' and store_fname <> all ({paths})))"
    ).format(
        kept=kept_by(rules),
        data=data,
        paths=sql.Literal([each.path for each in PLACEHOLDERS.values()]),
    )


def _elsewhere(rules: Sequence[AttachmentRule]) -> sql.Composed:
    """Of rows: not kept, and a link to another server, such as a cloud storage."""
    return sql.SQL(
        "(not ({kept}) and type <> 'binary' and url ~ '^[A-Za-z]+://' "
        "and url <> 'https://removed.invalid/')"
    ).format(kept=kept_by(rules))


def kept_by(rules: Sequence[AttachmentRule]) -> sql.Composed:
    """Of rows: the first rule that applies keeps them; without a rule nothing is kept."""
    cases = (
        sql.SQL("when {} then {}").format(_applies(rule), sql.Literal(rule.verdict == "keep"))
        for rule in rules
    )
    return sql.SQL("case when false then false {} else false end").format(sql.SQL(" ").join(cases))


def _applies(rule: AttachmentRule) -> sql.Composed:
    limits = (
        sql.SQL("coalesce({}, '') like any ({})").format(
            sql.Identifier(column), sql.Literal([_like(each) for each in patterns])
        )
        for name, column in _MATCHED
        if (patterns := getattr(rule, name)) != ("*",)
    )
    return sql.SQL(" and ").join((sql.SQL("true"), *limits))


def _like(pattern: str) -> str:
    r"""A shell pattern as one of SQL.

    >>> _like("ir_*.?")
    'ir\\_%._'
    """
    escaped = pattern.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return escaped.replace("*", "%").replace("?", "_")
