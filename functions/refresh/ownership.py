"""Who owns a database and who may connect: Odoo's own role, and only once it is published."""

from shared.errors import PermanentError
from shared.postgres.asking import run, value
from shared.postgres.copies import open_database
from shared.postgres.databases import Databases


class OwnerMissing(PermanentError):
    """The role that Odoo connects as is not on the server."""


def let_owner_create(databases: Databases, server: str, database: str, owner: str) -> None:
    """Let the role own objects in a database that it cannot connect to. Raises OwnerMissing."""
    with databases.connect(server, database) as connection:
        if value(connection, "select 1 from pg_roles where rolname = %s", owner) is None:
            raise OwnerMissing(
                f"server {server} has no role {owner}: create it, and grant it to the "
                "administrator, who restores in its name"
            )
        run(connection, "grant create on database {} to {}", database, owner)
        run(connection, "grant all on schema public to {}", owner)


def hand_over(databases: Databases, server: str, database: str, owner: str) -> None:
    """Make the role the database's owner, and let it connect."""
    with databases.administer(server) as connection:
        run(connection, "alter database {} owner to {}", database, owner)
    databases.allow_connect(server, database, owner)


def reopen(databases: Databases, server: str, database: str, *, to_everyone: bool) -> None:
    """Take connections again, should an exchange of names have closed the database and failed."""
    open_database(databases, server, database)
    if to_everyone:
        databases.allow_connect(server, database)


def is_public(databases: Databases, server: str, database: str) -> bool:
    """Whether every role of the server may connect; False when there is no such database."""
    query = """
        select has_database_privilege('public', oid, 'connect') from pg_database where datname = %s
    """
    with databases.administer(server) as connection:
        return bool(value(connection, query, database))
