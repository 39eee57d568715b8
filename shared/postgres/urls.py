"""What Odoo connects with: where it leads, and with which login."""

from collections.abc import Mapping
from urllib.parse import quote, urlencode

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from shared.errors import PermanentError
from shared.estate import Database, Environment
from shared.postgres.logins import own_login


class SecretUnusable(PermanentError):
    """The environment's database Secret is not what Odoo could connect with."""


def odoos_url(secret: Mapping[str, str], environment: Environment) -> str:
    """The connection string in an environment's database Secret: a secret.

    Raises SecretUnusable.
    """
    where = f"Secret {environment.namespace}/{environment.database_secret}"
    if "url" not in secret:
        raise SecretUnusable(f"{where} has no key url: store the database URL of Odoo there")
    try:
        conninfo_to_dict(secret["url"])
    except ProgrammingError:
        # Not chained: libpq's text quotes the URL.
        raise SecretUnusable(f"{where}: its url is no PostgreSQL connection string") from None
    return secret["url"]


def place_of(dsn: str) -> dict[str, str]:
    """Host, port and database of a connection string, without what is secret."""
    parts = {"port": "5432", **conninfo_to_dict(dsn)}
    return {name: str(parts.get(name, "")) for name in ("host", "port", "dbname")}


def odoos_settings(dsn: str, base_url: str) -> dict[str, str]:
    """What Odoo's ConfigMap says of where its database and its users are."""
    place = place_of(dsn)
    return {
        "db_host": place["host"],
        "db_port": place["port"],
        "db_name": place["dbname"],
        "web.base.url": base_url,
    }


def own_url(url: str, dsn: str, database: Database) -> str:
    """The URL with which Odoo gets to where the administrator's ``dsn`` leads, as who it may be.

    Its other parameters stay; one that leads there already is left as it is written.
    """
    parts = {name: str(value) for name, value in conninfo_to_dict(url).items()}
    own = {"user": own_login(database, parts.get("user", "")), **place_of(dsn)}
    if all(parts.get(name) == value for name, value in own.items()):
        return url
    password = quote(parts.pop("password", ""), safe="")
    rest = {name: value for name, value in parts.items() if name not in own}
    moved = "postgresql://{user}:{password}@{host}:{port}/{dbname}".format(
        **{name: quote(value, safe="") for name, value in own.items()}, password=password
    )
    return f"{moved}?{urlencode(rest)}" if rest else moved
