"""Roles that Odoo logs in as, two per database by turns, both acting as the database's owner.

A role has one password, and exchanging that would shut out every pod until it was restarted. So the
next login is made beside the one in use: both work until that is revoked.
"""

from urllib.parse import quote, urlsplit

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from shared.errors import PermanentError
from shared.estate import Database
from shared.postgres import asking
from shared.postgres.fencing import administration, prove_fenced
from shared.postgres.reach import Silence, Unreachable, reach


class LoginRefused(PermanentError):
    """PostgreSQL does not let a login in, or not as what it has to be."""


class LoginNotRevoked(PermanentError):
    """PostgreSQL still lets a revoked login in, or does not say that it does not."""


def logins_of(database: Database) -> tuple[str, str]:
    """The two logins that a database's Odoo has by turns.

    >>> logins_of(Database(server="erp", name="acme_staging"))
    ('acme_staging_login_a', 'acme_staging_login_b')
    """
    return f"{database.name[:55]}_login_a", f"{database.name[:55]}_login_b"


def next_login(database: Database, current: str) -> str:
    """The other one; the first one after a login that is none of ours, such as the owner."""
    first, second = logins_of(database)
    return second if current == first else first


def own_login(database: Database, user: str) -> str:
    """The role that a URL of this database's Odoo logs in as: one of its own, else the owner."""
    return user if user in logins_of(database) else database.owner


def user_of(url: str) -> str:
    """The role that a connection string logs in as."""
    return str(conninfo_to_dict(url).get("user", ""))


def with_login(url: str, login: str, password: str) -> str:
    """The same connection string with another login.

    >>> with_login("postgresql://odoo:x@erp:5432/acme?sslmode=require", "acme_login_a", "p/w")
    'postgresql://acme_login_a:p%2Fw@erp:5432/acme?sslmode=require'
    """
    if "://" not in url:
        return make_conninfo(url, user=login, password=password)
    parts = urlsplit(url)
    userinfo = f"{quote(login, safe='')}:{quote(password, safe='')}"
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=f"{userinfo}@{host}").geturl()


def make_login(connection: asking.Database, login: str, owner: str, password: str) -> None:
    """Make sure that a role logs in with this password and acts as the owner.

    The server gets a verifier, never the password: its log may have every statement.
    """
    verifier = asking.scram(connection, login, password)
    with connection.transaction():
        if not _exists(connection, login):
            asking.run(connection, "create role {}", login)
        asking.run(connection, "alter role {} login inherit password {}", login, verifier)
        asking.run(connection, "grant {} to {}", owner, login)
        asking.run(connection, "alter role {} set role = {}", login, owner)


def prove_login(url: str, owner: str) -> None:
    """Log in, and act as the owner. Raises LoginRefused, and Unreachable when nobody answers."""
    try:
        with reach(url) as connection:
            acts_as = asking.value(connection, "select current_user")
    except Unreachable as error:
        if error.silence is not Silence.REJECTED:
            raise
        raise LoginRefused(f"{user_of(url)} is not let in: {error.said}") from None
    if acts_as != owner:
        raise LoginRefused(f"{user_of(url)} acts as {acts_as}, not as {owner}")


def revoke_login(connection: asking.Database, login: str) -> int:
    """Let a role log in no more and end its sessions; returns how many there were."""
    if not _exists(connection, login):
        return 0
    asking.run(connection, "alter role {} nologin", login)
    query = "select count(pg_terminate_backend(pid)) from pg_stat_activity where usename = %s"
    return int(asking.value(connection, query, login))


def prove_revoked(url: str) -> str:
    """Try a login that was revoked, with its password; returns what the server said.

    Raises LoginNotRevoked unless it says that this role may not log in.
    """
    proof = prove_fenced(administration(url))
    if "not permitted to log in" not in proof.said:
        raise LoginNotRevoked(f"{user_of(url)} was revoked, but the server says: {proof.said}")
    return proof.said


def forget_password(connection: asking.Database, login: str) -> None:
    """What was revoked is let in with no password ever again."""
    if _exists(connection, login):
        asking.run(connection, "alter role {} password null", login)


def _exists(connection: asking.Database, login: str) -> bool:
    return asking.value(connection, "select 1 from pg_roles where rolname = %s", login) is not None
