"""One spelling for every way to write a value, and the secret numbers that it is hashed with.

Letters lose their case and accents; what is neither letter nor digit parts words. Which characters
stand for which is a table; the hashing itself is in ``kernel``.
"""

import hashlib
import unicodedata
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

IGNORED = 0xFFFF
"""Marks a code point that is skipped inside a word: accents written apart, soft hyphens."""

LONGEST = 255
"""Letters and digits of the longest run of words that is looked for inside a text."""

SHORTEST = 6
"""Letters and digits of the shortest; also what the filter in front of the set looks at."""

FILTER_BITS = 24

_SOFT_HYPHEN, _ZERO_WIDTH = 0xAD, range(0x200B, 0x2010)
_SPELLED_OUT = (range(0x3100), range(0xD800, 0x10000))
"""Blocks with accents, cases and punctuation; between them is one letter per syllable or word."""

_SPECIAL = b"\\&%<"

Numbers = NDArray[np.uint64]


@dataclass(frozen=True)
class Spelling:
    """The tables and numbers of one key: equal for one key, unrelated for any two."""

    folds: NDArray[np.uint16]
    """The letter or digit that each code point of the basic plane counts as; 0 parts words."""
    special: NDArray[np.bool_]
    """ASCII characters that may begin an escape."""
    letters: Numbers
    """A secret number per folded letter."""
    ascii: Numbers
    """The same by byte, zero where a byte alone says nothing."""
    powers: Numbers
    """Powers of the secret base, up to ``LONGEST``."""

    @classmethod
    def of(cls, key: bytes) -> "Spelling":
        """The spelling under a key; whoever lacks the key cannot compute a single hash."""
        folds = _folds()
        letters = _secret_numbers(key, "letters", folds.size)
        letters[0] = 0
        ascii_letters = np.zeros(256, np.uint64)
        ascii_letters[:128] = letters[folds[:128]]
        special = np.zeros(256, np.bool_)
        special[list(_SPECIAL)] = True
        special[128:] = True
        base = _secret_numbers(key, "base", 1)[0] | np.uint64(1)
        powers = np.full(LONGEST + 1, base, np.uint64)
        powers[0] = 1
        return cls(folds, special, letters, ascii_letters, np.multiply.accumulate(powers))


def _secret_numbers(key: bytes, use: str, amount: int) -> Numbers:
    stream = hashlib.shake_256(b"signalbox spelling " + use.encode() + b" " + key)
    return np.frombuffer(stream.digest(8 * amount), np.uint64).copy()


@cache
def _folds() -> NDArray[np.uint16]:
    folds = np.arange(0x10000, dtype=np.uint16)
    for block in _SPELLED_OUT:
        for code in block:
            folds[code] = _fold(code)
    return folds


def _fold(code: int) -> int:
    """What a code point counts as.

    >>> chr(_fold(ord("É"))), chr(_fold(ord("ß"))), _fold(ord("-")), _fold(0x301) == IGNORED
    ('e', 's', 0, True)
    """
    character = chr(code)
    if code == _SOFT_HYPHEN or code in _ZERO_WIDTH or unicodedata.category(character) == "Mn":
        return IGNORED
    first = unicodedata.normalize("NFKD", character).casefold()[:1]
    return ord(first) if first.isalnum() and ord(first) < IGNORED else 0
