"""Short questions to a database, and statements with names in them."""

from typing import Any, LiteralString, TypeVar

from psycopg import Connection, sql
from psycopg.rows import TupleRow, class_row

Database = Connection[TupleRow]

R = TypeVar("R")

_COMMENT = "select shobj_description(oid, 'pg_database') from pg_database where datname = %s"


def value(
    connection: Database, query: LiteralString | sql.SQL | sql.Composed, *parameters: object
) -> Any:
    """The one value of the one row; None without a row."""
    row = connection.execute(query, parameters or None).fetchone()
    return row[0] if row else None


def one(connection: Database, record: type[R], query: LiteralString) -> R | None:
    """The one row; None without one."""
    with connection.cursor(row_factory=class_row(record)) as cursor:
        return cursor.execute(query).fetchone()


def has_table(connection: Database, name: str) -> bool:
    """Whether the connected database has it; ``name`` is qualified."""
    return value(connection, "select to_regclass(%s)", name) is not None


def comment_of(connection: Database, database: str) -> str | None:
    """What is written in a database's comment, from whichever database of the server."""
    found: str | None = value(connection, _COMMENT, database)
    return found


def write_comment(connection: Database, database: str, comment: str | None) -> None:
    run(connection, "comment on database {} is {}", database, sql.Literal(comment))


def run(connection: Database, statement: LiteralString, *parts: str | sql.Composable) -> None:
    """Execute a statement; parts that are texts are names in it."""
    names = (sql.Identifier(part) if isinstance(part, str) else part for part in parts)
    connection.execute(sql.SQL(statement).format(*names))


def scram(connection: Database, role: str, password: str) -> sql.Literal:
    """What a server needs to know of a password: no log of it can hold more."""
    verifier = connection.pgconn.encrypt_password(
        password.encode(), role.encode(), b"scram-sha-256"
    )
    return sql.Literal(verifier.decode())
