"""The inner loops (``kernel.c``, compiled to WebAssembly), and the memory that they work in.

A call releases the interpreter's lock, but waits for it afterwards: a block is one call.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from importlib.resources import files
from itertools import groupby
from threading import Lock
from typing import NamedTuple

from psycopg.abc import Buffer
from wasmtime import Engine, Func, Global, Instance, Memory, Module, Store

from shared.masking.proof.spelling import Spelling

_PAGE = 65536
_ENTRY, _HASH = 16, 8
"""Bytes of an original (its hash, the filter's place of its beginning, length, kind), and of a
hash."""

_SMALLEST_VALUE = 7
"""Bytes of the shortest field that is not empty in a block: field count, size, one letter."""

_SLACK = 64
"""Bytes behind a block that may be read, and are not looked at."""

_SMALLEST_SET = 1 << 12
_ROOM = 4096
_HIT = struct.Struct("<4I")
_DONE = struct.Struct("<2I")
_NO_KEY = 0xFFFFFFFF
_SPOT = struct.Struct("<7I")
_STRANGE = 0xFFFF


class Role(IntEnum):
    """What a field is for."""

    KEY = 0
    """It names the row."""
    SEARCHED = 1
    """Originals are looked for in it."""
    COMPARED = 2
    """It is also compared as a whole."""
    EMPTY = 3
    """Nothing may be in it."""


class Original(IntEnum):
    """What an original is: this decides where it is looked for."""

    PLAIN = 0
    IDENTIFYING = 1
    NAMING = 2
    SECRET = 3


class HitKind(IntEnum):
    """What was found."""

    INSIDE = 1
    WHOLE = 2
    NOT_EMPTY = 3


class Hit(NamedTuple):
    """One field of one row."""

    kind: HitKind
    field: int
    key: bytes | None
    """What the row's key field holds."""


@dataclass(frozen=True)
class Found:
    """What searching a block gave; of very many hits only the first are listed."""

    rows: int
    bytes: int
    hits: tuple[Hit, ...]


class Spot(NamedTuple):
    """Where an original begins and ends in a text, and the number that was given for its kind."""

    begin: int
    end: int
    kind: int


@dataclass(frozen=True)
class Text:
    """A text in which originals are, or addresses or phone numbers may be."""

    key: str
    raw: bytes
    spots: tuple[Spot, ...]


class _Kernel:
    """An instance of the compiled code."""

    def __init__(self, spelling: Spelling) -> None:
        self._store = Store(_engine())
        self._exports = Instance(self._store, _module(), []).exports(self._store)
        memory, end = self._exports["memory"], self._exports["__heap_base"]
        assert isinstance(memory, Memory)
        assert isinstance(end, Global)
        self._memory, self._end = memory, int(end.value(self._store))
        self._block_at, self._block_size = 0, 0
        self._content = self._whole()
        self.write(self.call("folds_at"), spelling.folds)
        self.write(self.call("secrets_at"), spelling.secrets)
        self.call("prepare")

    def call(self, name: str, *arguments: int) -> int:
        """Call an exported function."""
        function = self._exports[name]
        assert isinstance(function, Func)
        return int(function(self._store, *arguments) or 0)

    def reserve(self, size: int) -> int:
        """Zeroed memory that nobody else gets."""
        at = self._end
        self._end += -(-size // 16) * 16
        missing = self._end - self._memory.data_len(self._store)
        if missing > 0:
            self._memory.grow(self._store, -(-missing // _PAGE))
            self._content = self._whole()
        return at

    def write(self, at: int, content: Buffer) -> None:
        """Copy into the memory."""
        self._content[at : at + len(content)] = content

    def read(self, at: int, size: int) -> bytes:
        """Copy out of the memory."""
        return bytes(self._content[at : at + size])

    def put(self, block: Buffer) -> tuple[int, int]:
        """Bring a block in; its place and size. It takes the place of the one before."""
        size = len(block)
        if size > self._block_size:
            self._block_at, self._block_size = self.reserve(size + _SLACK), size
        self.write(self._block_at, block)
        return self._block_at, size

    def _whole(self) -> memoryview:
        return memoryview(self._memory.get_buffer_ptr(self._store)).cast("B")


class Collector:
    """Takes originals and what may take their place; gives what can be looked for."""

    def __init__(self, spelling: Spelling) -> None:
        self._kernel = _Kernel(spelling)
        self._rooms = {"found": 0, "invented": 0}
        self.too_short = 0
        self.ambiguous = 0

    def take(self, block: Buffer, original: Original, kind: int = 0) -> None:
        """Remember each value of a block of one column, and a number for its kind."""
        self._make_room("found", _ENTRY, len(block))
        self._kernel.call("collect", *self._kernel.put(block), original, kind)

    def take_invented(self, block: Buffer) -> None:
        """Each of these values may stand where it stands: originals that equal it are left out."""
        self._make_room("invented", _HASH, len(block))
        self._kernel.call("invent", *self._kernel.put(block))

    def hand_out(self) -> Iterator[bytes]:
        """What can be looked for, in parts that ``Searcher.expect`` takes."""
        kernel, size = self._kernel, _ROOM * _ENTRY
        out, state = kernel.reserve(size), kernel.reserve(12)
        while count := kernel.call("hand_out", out, _ROOM, state, state + 4):
            yield kernel.read(out, count * _ENTRY)
        _, self.too_short, self.ambiguous = struct.unpack("<3I", kernel.read(state, 12))

    def _make_room(self, name: str, entry: int, size: int) -> None:
        """A set stays half empty, whatever the block adds to it."""
        needed = 2 * (self._kernel.call(f"{name}_count") + size // _SMALLEST_VALUE)
        if needed > self._rooms[name]:
            room = max(_SMALLEST_SET, 1 << (2 * needed).bit_length())
            self._kernel.call(f"room_for_{name}", self._kernel.reserve(room * entry), room - 1)
            self._rooms[name] = room


class Searcher:
    """Looks for originals in blocks, in one at a time whoever asks."""

    def __init__(self, spelling: Spelling, originals: int) -> None:
        self._kernel = _Kernel(spelling)
        room = max(_SMALLEST_SET, 1 << (2 * originals).bit_length())
        table, kinds = self._kernel.reserve(room * _HASH), self._kernel.reserve(room)
        self._kernel.call("room_for_table", table, kinds, room - 1)
        self._lock = Lock()
        self._hits = self._kernel.reserve(_ROOM * _HIT.size)
        self._roles, self._done = self._kernel.call("roles_at"), self._kernel.call("done_at")
        self._spots_at, self._room_for_spots = 0, 0
        self.inside = 0
        self.whole = 0

    def expect(self, part: bytes) -> None:
        """Look for these; all of them together are as many as was said at the beginning."""
        count = len(part) // _ENTRY
        at, _ = self._kernel.put(part)
        inside = self._kernel.call("expect", at, count)
        self.inside += inside
        self.whole += count - inside

    def search(self, block: Buffer, roles: bytes) -> Found:
        """Look every field of a block up; it has one hit at most."""
        kernel = self._kernel
        with self._lock:
            kernel.write(self._roles, roles)
            count = kernel.call("search", *kernel.put(block), self._hits, _ROOM)
            listed = kernel.read(self._hits, min(count, _ROOM) * _HIT.size)
            rows, size = _DONE.unpack(kernel.read(self._done, _DONE.size))
        hits = tuple(_hit(block, *values) for values in _HIT.iter_unpack(listed))
        return Found(rows, size, hits)

    def locate(self, block: Buffer) -> Iterator[Text]:
        """Find every original in a block whose rows are a key and a text."""
        spots = _SPOT.iter_unpack(self._spots(block))
        for (key, key_size, at, size), found in groupby(spots, key=lambda spot: spot[:4]):
            known = (Spot(begin - at, end - at, kind) for *_, begin, end, kind in found)
            yield Text(
                bytes(block[key : key + key_size]).decode(),
                bytes(block[at : at + size]),
                tuple(spot for spot in known if spot.kind != _STRANGE),
            )

    def _spots(self, block: Buffer) -> bytes:
        kernel = self._kernel
        with self._lock:
            at, size = kernel.put(block)
            while True:
                room = self._room_for_spots
                count = kernel.call("locate", at, size, self._spots_at, room)
                if count <= room:
                    return kernel.read(self._spots_at, count * _SPOT.size)
                self._room_for_spots = 2 * count
                self._spots_at = kernel.reserve(self._room_for_spots * _SPOT.size)


def entries(part: bytes) -> int:
    """How many originals a part of ``Collector.hand_out`` has."""
    return len(part) // _ENTRY


def source_of_kernel() -> int:
    """The beginning of the SHA-256 of the source that the compiled code is from."""
    store = Store(_engine())
    function = Instance(store, _module(), []).exports(store)["source"]
    assert isinstance(function, Func)
    return int(function(store)) % (1 << 64)


def _hit(block: Buffer, kind: int, field: int, at: int, size: int) -> Hit:
    key = None if size == _NO_KEY else bytes(block[at : at + size])
    return Hit(HitKind(kind), field, key)


@cache
def _engine() -> Engine:
    return Engine()


@cache
def _module() -> Module:
    return Module(_engine(), files("shared.masking.proof").joinpath("kernel.wasm").read_bytes())
