"""Who owns a database and who may connect: Odoo's own role, and only once it is published."""

from psycopg import sql

from shared.errors import PermanentError
from shared.postgres.databases import Databases


class OwnerMissing(PermanentError):
    """The role that Odoo connects as is not on the server."""


def let_owner_create(databases: Databases, server: str, database: str, owner: str) -> None:
    """Let the role own objects in a database that it cannot connect to. Raises OwnerMissing."""
    with databases.connect(server, database) as connection:
        query = "select 1 from pg_roles where rolname = %s"
        if connection.execute(query, (owner,)).fetchone() is None:
            raise OwnerMissing(
                f"server {server} has no role {owner}: create it, and grant it to the "
                "administrator, who restores in its name"
            )
        names = {"database": sql.Identifier(database), "owner": sql.Identifier(owner)}
        for grant in (
            "grant create on database {database} to {owner}",
            "grant all on schema public to {owner}",
        ):
            connection.execute(sql.SQL(grant).format(**names))


def hand_over(databases: Databases, server: str, database: str, owner: str) -> None:
    """Make the role the database's owner, and let it connect."""
    with databases.administer(server) as connection:
        connection.execute(
            sql.SQL("alter database {} owner to {}").format(
                sql.Identifier(database), sql.Identifier(owner)
            )
        )
    databases.allow_connect(server, database, owner)


def reopen(databases: Databases, server: str, database: str, *, to_everyone: bool) -> None:
    """Take connections again, should an exchange of names have closed the database and failed."""
    with databases.administer(server) as connection:
        connection.execute(
            sql.SQL("alter database {} allow_connections true").format(sql.Identifier(database))
        )
    if to_everyone:
        databases.allow_connect(server, database)


def is_public(databases: Databases, server: str, database: str) -> bool:
    """Whether every role of the server may connect; False when there is no such database."""
    query = """
        select has_database_privilege('public', oid, 'connect') from pg_database where datname = %s
    """
    with databases.administer(server) as connection:
        row = connection.execute(query, (database,)).fetchone()
        return bool(row and row[0])
