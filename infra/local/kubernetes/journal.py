"""The objects of a cluster in one SQLite file, so that they outlive the process."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from infra.local.kubernetes.status import Json

_SCHEMA = """
    pragma journal_mode = wal;
    pragma synchronous = normal;
    create table if not exists objects (
        api_group text, plural text, namespace text, name text, body text not null,
        primary key (api_group, plural, namespace, name)
    ) without rowid;
    create table if not exists latest (one integer primary key check (one = 1), version integer);
    insert or ignore into latest values (1, 0);
"""


class Key(NamedTuple):
    """Identifies an object; ``namespace`` is empty for what belongs to none."""

    group: str
    plural: str
    namespace: str
    name: str


class Journal:
    """Each write is one transaction: a kill of the process leaves the last complete one."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
        self._database.executescript(_SCHEMA)

    def close(self) -> None:
        self._database.close()

    def version(self) -> int:
        (version,) = self._database.execute("select version from latest").fetchone()
        return int(version)

    def objects(self) -> Iterator[tuple[Key, Json]]:
        query = "select api_group, plural, namespace, name, body from objects"
        for *key, body in self._database.execute(query):
            yield Key(*key), json.loads(body)

    def write(self, version: int, key: Key, obj: Json | None) -> None:
        """Record the object as of ``version``; None records that it is gone."""
        with self._database:
            self._database.execute("begin")
            self._database.execute("update latest set version = ?", (version,))
            if obj is None:
                self._database.execute(
                    "delete from objects where (api_group, plural, namespace, name) = (?, ?, ?, ?)",
                    key,
                )
            else:
                self._database.execute(
                    "insert or replace into objects values (?, ?, ?, ?, ?)",
                    (*key, json.dumps(obj)),
                )
