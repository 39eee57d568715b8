"""Where the originals in a text begin and end: the search's loop, which does not stop at the first.

Compiled by numba, as ``kernel`` is, whose spelling it shares: what the proof would find is found.
"""

from typing import Any, Final

import numpy as np
from numba import njit

from shared.masking.proof.kernel import (
    WORDS,
    _has,
    _size,
    _special,
    filter_place,
    is_in,
    shape_place,
)
from shared.masking.proof.spelling import IGNORED, LONGEST, SHORTEST

_RING: Final = 512
_TURNS: Final = 16
_DIGITS: Final = 7
_SKIPPED = IGNORED
_ZERO: Final = np.uint64(0)


@njit(nogil=True, cache=True)
def locate(
    data: Any,
    folds: Any,
    special: Any,
    letters: Any,
    ascii: Any,
    powers: Any,
    table: Any,
    filter: Any,
    found: Any,
) -> int:
    """Find every original in rows of a key and a text, as a binary COPY writes them.

    ``found`` gets a row for each, as far as there is room: where the key begins and how long it is,
    where the text does and how long, where the original does and ends, and its hash. A text that
    has an @ or seven digits gets a row with hash 0, too. Returns how many rows there should be.
    """
    at, amount = 0, 0
    past = np.zeros(_RING, np.uint64)
    turns = np.zeros((6, _TURNS), np.int64)
    prefixes = np.zeros(_TURNS, np.uint64)
    place = np.zeros(4, np.int64)
    while at + 2 <= data.size:
        at += 2
        place[1] = _size(data, at)
        place[0] = at + 4
        at = place[0] + place[1]
        place[3] = _size(data, at)
        place[2] = at + 4
        at = place[2] + place[3]
        amount = _locate_field(
            data, place, folds, special, letters, ascii, powers, table, filter, past, turns,
            prefixes, found, amount,
        )  # fmt: skip
    return amount


@njit(nogil=True, cache=True)
def _emit(found: Any, amount: int, place: Any, begin: int, end: int, value: Any) -> int:
    if amount < found.shape[0]:
        found[amount, :4] = place
        found[amount, 4], found[amount, 5], found[amount, 6] = begin, end, np.int64(value)
    return amount + 1


@njit(nogil=True, cache=True)
def _locate_field(
    data: Any,
    place: Any,
    folds: Any,
    special: Any,
    letters: Any,
    ascii: Any,
    powers: Any,
    table: Any,
    filter: Any,
    past: Any,
    turns: Any,
    prefixes: Any,
    found: Any,
    amount: int,
) -> int:
    starts, first_bytes, open_starts, open_words, open_bytes = (
        turns[0],
        turns[1],
        turns[2],
        turns[3],
        turns[4],
    )
    at, end = place[2], place[2] + place[3]
    base, hashed = powers[1], _ZERO
    length, words, decided, opened, closed, digits, word_end = 0, 0, 0, 0, 0, 0, 0
    in_word, is_address = False, False
    while at <= end:
        number, here = _ZERO, at
        if at < end:
            byte = data[at]
            number = ascii[byte]
            if number == _ZERO and special[byte]:
                letter, at = _special(data, at, end, folds)
                if letter == _SKIPPED:
                    continue
                number = letters[letter]
            else:
                is_address |= byte == 64
                digits += 48 <= byte <= 57
                at += 1
        else:
            at += 1
        if number != _ZERO:
            if not in_word:
                starts[words & (_TURNS - 1)] = length
                first_bytes[words & (_TURNS - 1)] = here
                past[length & (_RING - 1)] = hashed
                words += 1
                in_word = True
            hashed = hashed * base + number
            length += 1
            word_end = at
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
                    open_bytes[opened & (_TURNS - 1)] = first_bytes[decided & (_TURNS - 1)]
                    prefixes[opened & (_TURNS - 1)] = prefix
                    opened += 1
                decided += 1
            for i in range(closed, opened):
                start = open_starts[i & (_TURNS - 1)]
                size = length - start
                if size > LONGEST or words - open_words[i & (_TURNS - 1)] > WORDS:
                    closed = i + 1
                    continue
                if not _has(filter, shape_place(prefixes[i & (_TURNS - 1)], size)):
                    continue
                value = hashed - past[start & (_RING - 1)] * powers[size]
                if is_in(table, value):
                    begin = open_bytes[i & (_TURNS - 1)]
                    amount = _emit(found, amount, place, begin, word_end, value)
    if is_address or digits >= _DIGITS:
        amount = _emit(found, amount, place, place[2], end, _ZERO)
    return amount
