"""Connections of the administrator notice a network that is gone."""

from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from shared.estate import load_estate
from shared.postgres.databases import Databases

ESTATE = Path(__file__).parents[3] / "infra" / "local" / "estate.yaml"


def parameters(url: str) -> dict[str, object]:
    databases = Databases(load_estate(ESTATE), lambda _: url)
    return dict(conninfo_to_dict(databases.dsn("erp-prod", "acme_prod")))


def test_no_connection_waits_for_ever() -> None:
    found = parameters("postgresql://admin:secret@db.example:5432/postgres")

    assert found["connect_timeout"] == "10"
    assert found["tcp_user_timeout"] == "60000"
    assert (found["dbname"], found["password"]) == ("acme_prod", "secret")


def test_the_estates_url_decides_where_it_says_something() -> None:
    found = parameters("postgresql://admin@db.example/postgres?connect_timeout=3&sslmode=require")

    assert (found["connect_timeout"], found["sslmode"]) == ("3", "require")
