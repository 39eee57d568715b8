"""Documents of people: in a clone each is replaced by a placeholder, unless a rule keeps it."""

from collections.abc import Collection, Mapping, Sequence
from typing import LiteralString

from psycopg import sql

from shared.masking.policy import AttachmentRule
from shared.odoo.clone import Clone, read_schema
from shared.odoo.placeholders import CONTENTS, OTHER, PLACEHOLDERS
from shared.postgres.marker import Database, require_clone

_REPLACE: LiteralString = """
update ir_attachment a set {assignments}
from unnest({given}::text[], {mimetypes}::text[], {paths}::text[], {digests}::text[],
            {sizes}::integer[], {contents}::bytea[]) as p (given, kind, path, sha1, bytes, content)
where p.given = case when a.mimetype = any ({given}) then a.mimetype else {other} end
  and {real}
"""

_CUT: LiteralString = """
update ir_attachment set url = 'https://removed.invalid/' where {elsewhere}
"""

_LEFT: LiteralString = "select id from ir_attachment where {real} or {elsewhere} order by id"

_PLACEHOLDER: dict[str, LiteralString] = {
    "checksum": "p.sha1",
    "file_size": "p.bytes",
    "mimetype": "p.kind",
    "index_content": "null",
}

_IN_FILESTORE: dict[str, LiteralString] = {
    "store_fname": "p.path",
    "db_datas": "null",
    **_PLACEHOLDER,
}

_IN_DATABASE: dict[str, LiteralString] = {"db_datas": "p.content", **_PLACEHOLDER}

_MATCHED: tuple[tuple[str, str], ...] = (
    ("models", "res_model"),
    ("fields", "res_field"),
    ("mimetypes", "mimetype"),
    ("names", "name"),
    ("urls", "url"),
)


def replace_documents(connection: Database, clone: Clone, rules: Sequence[AttachmentRule]) -> int:
    """Replace what no rule keeps, then rewrite the table, so that no dead row has a content.

    Afterwards rows refer to files (``placeholders.CONTENTS``). Links to documents elsewhere lead
    nowhere. The connection is in autocommit; repeating it changes nothing. Returns how many
    documents were replaced.

    Raises NotAClone and StaleEpoch before anything is changed.
    """
    return _replace(connection, clone, rules, _IN_FILESTORE)


def replace_contents(connection: Database, clone: Clone, rules: Sequence[AttachmentRule]) -> int:
    """The same for a database without its filestore: only contents that are in the database.

    What rows refer to on a disk stays (``real_documents``).
    """
    return _replace(connection, clone, rules, _IN_DATABASE)


def _replace(
    connection: Database,
    clone: Clone,
    rules: Sequence[AttachmentRule],
    form: Mapping[str, LiteralString],
) -> int:
    with connection.transaction():
        require_clone(connection, run_id=clone.run_id, epoch=clone.epoch)
        columns = read_schema(connection)["ir_attachment"]
        assignments = (
            sql.SQL("{} = {}").format(sql.Identifier(name), sql.SQL(value))
            for name, value in form.items()
            if name in columns
        )
        held = _held(columns)
        replace = sql.SQL(_REPLACE).format(
            assignments=sql.SQL(", ").join(assignments),
            other=sql.Literal(OTHER.mimetype),
            real=_real(rules, held if form is _IN_DATABASE else _held_or_stored(held)),
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
        real=_real(rules, _held_or_stored(_held(columns))), elsewhere=_elsewhere(rules)
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
        "contents": sql.Literal([each.content for _, each in known]),
    }


def _real(rules: Sequence[AttachmentRule], content: sql.Composable) -> sql.Composed:
    """Of rows: not kept, and with such a content."""
    return sql.SQL("not ({}) and {}").format(kept_by(rules), content)


def _held(columns: Collection[str]) -> sql.Composable:
    """Of rows: with a content in the database that is no placeholder."""
    if "db_datas" not in columns:
        return sql.SQL("false")
    contents = sql.Literal(list(CONTENTS.values()))
    return sql.SQL("coalesce(db_datas <> all ({}), false)").format(contents)


def _held_or_stored(held: sql.Composable) -> sql.Composed:
    """Of rows: with a content there, or in a file, that is no placeholder."""
    paths = sql.Literal(list(CONTENTS))
    return sql.SQL("({} or (store_fname <> '' and store_fname <> all ({})))").format(held, paths)


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
