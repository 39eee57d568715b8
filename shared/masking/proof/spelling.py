"""One spelling for every way to write a value, and the secret numbers that it is hashed with.

Letters lose their case and accents; what is neither letter nor digit parts words. Which characters
stand for which is a table; the hashing itself is in ``kernel``.
"""

import hashlib
import unicodedata
from array import array
from dataclasses import dataclass
from functools import cache

IGNORED = 0xFFFF
"""Marks a code point that is skipped inside a word: accents written apart, soft hyphens."""

_SOFT_HYPHEN, _ZERO_WIDTH = 0xAD, range(0x200B, 0x2010)
_SYLLABLES = 0x3000
_SPELLED_OUT = (range(0x3100), range(0xD800, 0x10000))
"""Blocks with accents, cases and punctuation; between them is one letter per syllable or word."""

_CODE_POINTS, _UNITS = 0x10000, 256


@dataclass(frozen=True)
class Spelling:
    """The tables and numbers of one key: equal for one key, unrelated for any two."""

    folds: bytes
    """What each code point of the basic plane counts as (16 bits): a unit, two units, or 0, which
    parts words."""
    secrets: bytes
    """A secret number (64 bits) per unit. No character is the unit 0 or 1: their numbers are the
    filter's and the base of the polynomial."""

    @classmethod
    def of(cls, key: bytes) -> "Spelling":
        """The spelling under a key; whoever lacks the key cannot compute a single hash."""
        stream = hashlib.shake_256(b"signalbox spelling " + key)
        return cls(_folds(), stream.digest(8 * _UNITS))


@cache
def _folds() -> bytes:
    folds = array("H", map(_units, range(_CODE_POINTS)))
    for block in _SPELLED_OUT:
        for code in block:
            folds[code] = _units(_fold(code))
    return folds.tobytes()


def _units(letter: int) -> int:
    """One unit for a letter of an alphabet, two for a syllable or a word.

    >>> [hex(_units(ord(letter))) for letter in "aж龍"]
    ['0x61', '0xb6', '0xbf8d']
    """
    if letter < 0x80 or letter == IGNORED:
        return letter
    unit = 0x80 | letter & 0x7F
    return unit if letter < _SYLLABLES else unit | (0x80 | letter >> 7 & 0x7F) << 8


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
