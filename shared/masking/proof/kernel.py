"""The inner loops: read a binary COPY, spell and hash its words, look them up. Compiled by numba.

A value's hash is a polynomial over its letters and digits, in words or not, so that every spelling
has the same one; that of a run of words is a difference of two prefixes.
"""

from typing import Any, Final

import numpy as np
from numba import njit

from shared.masking.proof.spelling import FILTER_BITS, IGNORED, LONGEST, SHORTEST

WORDS: Final = 10
"""Words of the longest run that is looked for inside a text."""

KEY, SEARCHED, COMPARED, EMPTY = 0, 1, 2, 3
"""Roles of a field: names the row; is searched; is compared as a whole, too; must be empty."""

WHOLE: Final = np.uint64(0x9E3779B97F4A7C15)
"""Added to the hash of a value that only counts as a whole field."""

HIT_INSIDE, HIT_WHOLE, HIT_NOT_EMPTY = 1, 2, 3

_RING: Final = 512
_TURNS: Final = 16
_MIX: Final = np.uint64(0xFF51AFD7ED558CCD)
_SHIFT: Final = np.uint64(33)
_FILTER_SHIFT: Final = np.uint64(64 - FILTER_BITS)
_ZERO: Final = np.uint64(0)
_BYTE: Final = np.uint64(3)
_BIT: Final = np.uint64(7)
_PARTS, _SKIPPED = 0, IGNORED


@njit(nogil=True, cache=True)
def mixed(value: Any) -> Any:
    """Spread a hash's low bits, which depend on few letters only."""
    value = (value ^ (value >> _SHIFT)) * _MIX
    return value ^ (value >> _SHIFT)


@njit(nogil=True, cache=True)
def is_in(table: Any, value: Any) -> bool:
    """Whether an open-addressing table of a power-of-two size has the value."""
    last = np.uint64(table.size - 1)
    place = mixed(value) & last
    while table[place] != _ZERO:
        if table[place] == value:
            return True
        place = (place + np.uint64(1)) & last
    return False


@njit(nogil=True, cache=True)
def fill(table: Any, values: Any) -> None:
    """Put the values into an empty table that is at most half full then."""
    last = np.uint64(table.size - 1)
    for value in values:
        place = mixed(value) & last
        while table[place] != _ZERO and table[place] != value:
            place = (place + np.uint64(1)) & last
        table[place] = value


@njit(nogil=True, cache=True)
def filter_place(prefix: Any) -> Any:
    """The bit that the hash of a value's first letters has in the filter."""
    return mixed(prefix) >> _FILTER_SHIFT


@njit(nogil=True, cache=True)
def shape_place(prefix: Any, length: int) -> Any:
    """The bit that its first letters and its length together have in the filter."""
    return mixed(prefix + np.uint64(length) * WHOLE) >> _FILTER_SHIFT


@njit(nogil=True, cache=True)
def fill_filter(filter: Any, prefixes: Any, lengths: Any) -> None:
    """Set the two bits of each value that can occur inside a text."""
    for i in range(prefixes.size):
        _set(filter, filter_place(prefixes[i]))
        _set(filter, shape_place(prefixes[i], lengths[i]))


@njit(nogil=True, cache=True)
def _has(filter: Any, place: Any) -> Any:
    return (filter[place >> _BYTE] >> (place & _BIT)) & np.uint64(1) != _ZERO


@njit(nogil=True, cache=True)
def _set(filter: Any, place: Any) -> None:
    filter[place >> _BYTE] |= np.uint8(np.uint64(1) << (place & _BIT))


@njit(nogil=True, cache=True)
def _hexadecimal(data: Any, at: int, end: int, digits: int) -> int:
    if at + digits > end:
        return -1
    value = 0
    for i in range(at, at + digits):
        byte = data[i]
        if 48 <= byte <= 57:
            value = value * 16 + byte - 48
        elif 97 <= (byte | 32) <= 102:
            value = value * 16 + (byte | 32) - 87
        else:
            return -1
    return value


@njit(nogil=True, cache=True)
def _backslash(data: Any, at: int, end: int) -> tuple[Any, Any]:
    if at + 1 >= end:
        return _PARTS, at + 1
    byte = data[at + 1]
    if byte == 117:  # \u00e9
        code = _hexadecimal(data, at + 2, end, 4)
        return (code, at + 6) if code > 0 else (_PARTS, at + 2)
    if byte in (110, 114, 116, 98, 102):  # \n \r \t \b \f
        return _PARTS, at + 2
    return _PARTS, at + 1


@njit(nogil=True, cache=True)
def _entity(data: Any, at: int, end: int) -> tuple[Any, Any]:
    """``&#233;`` and ``&#xe9;`` are a character, ``&eacute;`` is its letter, ``&amp;`` parts."""
    stop = at + 1
    while stop < end and stop - at < 10 and data[stop] != 59:
        stop += 1
    if stop >= end or data[stop] != 59 or stop == at + 1:
        return _PARTS, at + 1
    if data[at + 1] == 35:
        return _numeric_entity(data, at + 2, stop), stop + 1
    for i in range(at + 1, stop):
        if not 97 <= (data[i] | 32) <= 122:
            return _PARTS, at + 1
    accented = stop - at >= 5 and data[at + 1] != 110 and not _is_quote(data, at + 1, stop)
    return (np.int64(data[at + 1] | 32) if accented else _PARTS), stop + 1


@njit(nogil=True, cache=True)
def _is_quote(data: Any, at: int, stop: int) -> bool:
    """Whether the entity is ``quot`` or ``apos``."""
    return stop - at == 4 and data[at + 2] in (117, 112) and data[at + 1] in (117, 112)


@njit(nogil=True, cache=True)
def _numeric_entity(data: Any, at: int, stop: int) -> int:
    if at < stop and (data[at] | 32) == 120:
        return max(_hexadecimal(data, at + 1, stop, stop - at - 1), 0)
    code = 0
    for i in range(at, stop):
        if not 48 <= data[i] <= 57:
            return 0
        code = code * 10 + data[i] - 48
    return code


@njit(nogil=True, cache=True)
def _percent(data: Any, at: int, end: int) -> tuple[Any, Any]:
    """``%40`` parts words as the @ does that it stands for; other percent signs stand alone."""
    code = _hexadecimal(data, at + 1, end, 2)
    is_punctuation = 32 <= code < 48 or 58 <= code <= 64
    return _PARTS, at + (3 if is_punctuation else 1)


@njit(nogil=True, cache=True)
def _tag(data: Any, at: int, end: int) -> tuple[Any, Any]:
    """The name of a tag is no word; what is in its attributes is."""
    i = at + 1
    if i < end and data[i] == 47:
        i += 1
    begin = i
    while i < end and i - begin < 10 and (97 <= data[i] <= 122 or 49 <= data[i] <= 54):
        i += 1
    closed = begin < i < end and data[i] in (32, 47, 62)
    return _PARTS, i if closed else at + 1


@njit(nogil=True, cache=True)
def _multibyte(data: Any, at: int, end: int) -> tuple[Any, Any]:
    byte = np.int64(data[at])
    size = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
    if byte < 0xC2 or at + size > end:
        return _PARTS, at + 1
    code = byte & (0x7F >> size)
    for i in range(at + 1, at + size):
        if data[i] & 0xC0 != 0x80:
            return _PARTS, at + 1
        code = (code << 6) | (data[i] & 0x3F)
    return code, at + size


@njit(nogil=True, cache=True)
def _special(data: Any, at: int, end: int, folds: Any) -> tuple[Any, Any]:
    """The folded letter of an escape or of a character outside ASCII, and where it ends."""
    byte = data[at]
    if byte >= 128:
        code, then = _multibyte(data, at, end)
    elif byte == 92:
        code, then = _backslash(data, at, end)
    elif byte == 38:
        code, then = _entity(data, at, end)
    elif byte == 37:
        code, then = _percent(data, at, end)
    else:
        code, then = _tag(data, at, end)
    if code >= 0x10000:
        return 0x4E00 + (code & 0xFFF), then
    return np.int64(folds[code]), then


@njit(nogil=True, cache=True)
def _size(data: Any, at: int) -> Any:
    size = np.int64(data[at]) << 24 | np.int64(data[at + 1]) << 16
    size |= np.int64(data[at + 2]) << 8 | np.int64(data[at + 3])
    return -1 if size == 0xFFFFFFFF else size


@njit(nogil=True, cache=True)
def measure(
    data: Any, folds: Any, special: Any, letters: Any, ascii: Any, powers: Any, values: Any
) -> int:
    """Hash every field of a block of COPY; return how many there were.

    ``values`` gets a row per field: field number, hash, words, letters and digits, digits, hash of
    the first ``WORDS`` words (as far as they are at most ``LONGEST``), hash of the first
    ``SHORTEST`` letters.
    """
    at, amount = 0, 0
    while at + 2 <= data.size:
        fields = np.int64(data[at]) << 8 | np.int64(data[at + 1])
        at += 2
        if fields == 0xFFFF:
            break
        for field in range(fields):
            size = _size(data, at)
            at += 4
            if size > 0:
                _measure_field(
                    data, at, at + size, folds, special, letters, ascii, powers[1], values[amount]
                )
                values[amount, 0] = np.uint64(field)
                amount += 1
                at += size
    return amount


@njit(nogil=True, cache=True)
def _measure_field(
    data: Any,
    at: int,
    end: int,
    folds: Any,
    special: Any,
    letters: Any,
    ascii: Any,
    base: Any,
    out: Any,
) -> None:
    hashed, start, prefix = _ZERO, _ZERO, _ZERO
    words, length, digits = 0, 0, 0
    in_word = False
    while at < end:
        byte = data[at]
        number = ascii[byte]
        at += 1
        if number == _ZERO and special[byte]:
            letter, at = _special(data, at - 1, end, folds)
            if letter == _SKIPPED:
                continue
            number = letters[letter]
        if number == _ZERO:
            if in_word and words <= WORDS and length <= LONGEST:
                start = hashed
            in_word = False
            continue
        if not in_word:
            words += 1
            in_word = True
        hashed = hashed * base + number
        length += 1
        digits += 48 <= byte <= 57
        if length == SHORTEST:
            prefix = hashed
    if in_word and words <= WORDS and length <= LONGEST:
        start = hashed
    out[1], out[2], out[3] = hashed, np.uint64(words), np.uint64(length)
    out[4], out[5], out[6] = np.uint64(digits), start, prefix


@njit(nogil=True, cache=True)
def search(
    data: Any,
    roles: Any,
    folds: Any,
    special: Any,
    letters: Any,
    ascii: Any,
    powers: Any,
    table: Any,
    filter: Any,
    hits: Any,
) -> tuple[int, int, int]:
    """Look every field of a block of COPY up; return rows, hits, and bytes of fields.

    ``hits`` gets a row per hit as far as there is room: kind, field, place and size of the row's
    key (-1 without one), hash. A field has one hit at most.
    """
    at, rows, found, total = 0, 0, 0, 0
    past = np.zeros(_RING, np.uint64)
    starts = np.zeros(_TURNS, np.int64)
    open_starts = np.zeros(_TURNS, np.int64)
    open_words = np.zeros(_TURNS, np.int64)
    open_prefixes = np.zeros(_TURNS, np.uint64)
    while at + 2 <= data.size:
        fields = np.int64(data[at]) << 8 | np.int64(data[at + 1])
        at += 2
        if fields == 0xFFFF:
            break
        rows += 1
        key_at, key_size = -1, -1
        for field in range(fields):
            size = _size(data, at)
            at += 4
            if size < 0:
                continue
            role = roles[field]
            kind, value = 0, _ZERO
            if role == KEY:
                key_at, key_size = at, size
            elif role == EMPTY:
                kind = HIT_NOT_EMPTY if size > 0 else 0
            else:
                total += size
                kind, value = _search_field(
                    data, at, at + size, role == COMPARED, folds, special, letters, ascii,
                    powers, table, filter, past, starts, open_starts, open_words, open_prefixes,
                )  # fmt: skip
            if kind != 0:
                if found < hits.shape[0]:
                    hits[found, 0], hits[found, 1] = kind, field
                    hits[found, 2], hits[found, 3] = key_at, key_size
                    hits[found, 4] = np.int64(value)
                found += 1
            at += size
    return rows, found, total


@njit(nogil=True, cache=True)
def _search_field(
    data: Any,
    at: int,
    end: int,
    compared: bool,
    folds: Any,
    special: Any,
    letters: Any,
    ascii: Any,
    powers: Any,
    table: Any,
    filter: Any,
    past: Any,
    starts: Any,
    open_starts: Any,
    open_words: Any,
    open_prefixes: Any,
) -> tuple[int, Any]:
    base = powers[1]
    hashed = _ZERO
    length, words, decided, opened, closed = 0, 0, 0, 0, 0
    in_word = False
    while at <= end:
        number = _ZERO
        if at < end:
            byte = data[at]
            number = ascii[byte]
            if number == _ZERO and special[byte]:
                letter, at = _special(data, at, end, folds)
                if letter == _SKIPPED:
                    continue
                number = letters[letter]
            else:
                at += 1
        else:
            at += 1
        if number != _ZERO:
            if not in_word:
                starts[words & (_TURNS - 1)] = length
                past[length & (_RING - 1)] = hashed
                words += 1
                in_word = True
            hashed = hashed * base + number
            length += 1
            past[length & (_RING - 1)] = hashed
        elif in_word:
            in_word = False
            while decided < words and length - starts[decided & (_TURNS - 1)] >= SHORTEST:
                start = starts[decided & (_TURNS - 1)]
                prefix = past[(start + SHORTEST) & (_RING - 1)]
                prefix -= past[start & (_RING - 1)] * powers[SHORTEST]
                if _has(filter, filter_place(prefix)):
                    open_starts[opened & (_TURNS - 1)] = start
                    open_words[opened & (_TURNS - 1)] = decided
                    open_prefixes[opened & (_TURNS - 1)] = prefix
                    opened += 1
                decided += 1
            for i in range(closed, opened):
                start = open_starts[i & (_TURNS - 1)]
                size = length - start
                if size > LONGEST or words - open_words[i & (_TURNS - 1)] > WORDS:
                    closed = i + 1
                    continue
                if not _has(filter, shape_place(open_prefixes[i & (_TURNS - 1)], size)):
                    continue
                value = hashed - past[start & (_RING - 1)] * powers[size]
                if is_in(table, value):
                    return HIT_INSIDE, value
    if compared and is_in(table, hashed + WHOLE):
        return HIT_WHOLE, hashed + WHOLE
    return 0, _ZERO
