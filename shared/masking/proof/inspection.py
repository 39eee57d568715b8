"""Documents in columns of bytes and in the filestore: unpacked, searched, counted by type."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import LiteralString

from psycopg import sql

from shared.masking.proof.documents import (
    BEGINNING,
    LARGEST,
    UNPACKED,
    DocumentType,
    Unreadable,
    texts,
    type_of,
)
from shared.masking.proof.kernel import Role, Searcher
from shared.postgres.marker import Database

_VALUES: LiteralString = """
select {key}, octet_length({column}), substr({column}, 1, {beginning}),
       case when octet_length({column}) <= {largest}
                 and substring({column} from 1 for 4) in ({packed}) then {column} end
from {table} where octet_length({column}) > 0
"""

_PACKED = (
    b"%PDF",
    b"PK\x03\x04",
    b"\x1f\x8b\x08\x00",
    b"\x1f\x8b\x08\x08",
    b"JVBE",
    b"UEsD",
    b"H4sI",
)

_ROLES = bytes([Role.KEY, Role.SEARCHED])
_AT_ONCE = 8


@dataclass(frozen=True)
class ClonedFile:
    """A file that the clone refers to."""

    path: str
    """Its place in the filestore: this stands for it in a leak."""
    size: int
    read: Callable[[], bytes]


@dataclass
class Inspection:
    """What looking into documents gave."""

    searcher: Searcher
    read: Counter[str] = field(default_factory=Counter)
    """Documents whose text was read, by type."""
    unread: Counter[str] = field(default_factory=Counter)
    """Documents that were searched as bytes only, or not at all, by type and reason."""
    found: list[str] = field(default_factory=list)
    """Keys of those that hold an original."""

    def column(
        self, connection: Database, table: sql.Composable, key: sql.Composable, column: str
    ) -> None:
        """Look into the documents in a column of bytes, whose bytes are searched elsewhere."""
        query = sql.SQL(_VALUES).format(
            key=key,
            column=sql.Identifier(column),
            beginning=sql.Literal(BEGINNING),
            largest=sql.Literal(LARGEST),
            packed=sql.SQL(", ").join(map(sql.Literal, _PACKED)),
            table=table,
        )
        with connection.cursor(binary=True) as cursor:
            for name, size, beginning, content in cursor.stream(query):
                self._look(str(name), size, bytes(beginning), content)

    def files(self, files: Iterable[ClonedFile]) -> int:
        """Read and search files, several at once; return their bytes."""
        total = 0
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for file, content in _read(pool, files):
                if content is None:
                    self.unread["too large"] += 1
                    continue
                total += len(content)
                self._search(file.path, content)
                self._look(file.path, len(content), content[:BEGINNING], content)
        return total

    def _look(self, key: str, size: int, beginning: bytes, content: bytes | None) -> None:
        kind: DocumentType = type_of(beginning)
        if kind not in UNPACKED:
            (self.read if kind == "text" else self.unread)[kind] += 1
        elif content is None or size > LARGEST:
            self.unread[f"{kind}, too large"] += 1
        else:
            self._unpack(key, kind, content)

    def _unpack(self, key: str, kind: DocumentType, content: bytes) -> None:
        try:
            for text in texts(content):
                self._search(key, text)
        except Unreadable as reason:
            self.unread[f"{kind}, {reason}"] += 1
        else:
            self.read[kind] += 1

    def _search(self, key: str, text: bytes) -> None:
        name = key.encode()
        row = b"".join((b"\0\2", len(name).to_bytes(4), name, len(text).to_bytes(4), text))
        if self.searcher.search(row, _ROLES).hits and key not in self.found:
            self.found.append(key)


def _read(
    pool: ThreadPoolExecutor, files: Iterable[ClonedFile]
) -> Iterator[tuple[ClonedFile, bytes | None]]:
    """Each file with its content, eight at a time; None for one that is too large."""
    waiting = list(files)
    for begin in range(0, len(waiting), _AT_ONCE):
        batch = waiting[begin : begin + _AT_ONCE]
        yield from zip(batch, pool.map(_content, batch), strict=True)


def _content(file: ClonedFile) -> bytes | None:
    return file.read() if file.size <= LARGEST else None
