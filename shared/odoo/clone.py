"""What the functions of this package need to know about the clone they work on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import LiteralString
from urllib.parse import urlsplit

from shared.masking.catalogue import Column, read_tables
from shared.postgres.marker import Database

_INSTALLED: LiteralString = """
select name from ir_module_module where state in ('installed', 'to upgrade', 'to remove')
"""

Schema = Mapping[str, Mapping[str, Column]]
"""Columns by name by table, of the schema ``public``."""


@dataclass(frozen=True)
class Clone:
    """The clone of one run, and the addresses that it gets.

    ``hostnames`` maps every host name of production to the one that stands for it here.
    """

    run_id: str
    epoch: int
    base_url: str
    hostnames: Mapping[str, str]

    @property
    def host(self) -> str:
        """The host name of ``base_url``."""
        return urlsplit(self.base_url).hostname or ""


def read_schema(connection: Database) -> Schema:
    """The tables and columns that this Odoo has; they differ between versions and modules."""
    return {
        table.name: {column.name: column for column in table.columns}
        for table in read_tables(connection)
        if table.schema == "public"
    }


def installed_modules(connection: Database) -> frozenset[str]:
    """Names of the modules that are installed, or about to be upgraded or removed."""
    return frozenset(name for (name,) in connection.execute(_INSTALLED))
