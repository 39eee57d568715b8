"""A filestore beside the database that refers to it: each file is proven by its SHA-1, and brought
from another filestore when it is missing or not whole.

    seen = Seen()
    while not seen.finished:
        seen = sync_files(connection, blobs, filestore_of(target), filestore_of(source), seen)
"""

import re
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from time import monotonic
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict

from shared.blobs import BlobMissing, Blobs
from shared.estate import Environment
from shared.masking.policy import AttachmentRule
from shared.odoo.attachments import ReferredFile, count_files, referred_files
from shared.odoo.placeholders import CONTENTS
from shared.postgres.marker import Database

F = TypeVar("F")
T = TypeVar("T")

BUDGET = timedelta(seconds=5)
"""How long one call works before it hands back its thread."""

AT_ONCE = 8
"""Requests to storage at the same time; the SDK keeps ten connections."""

BATCH = 32
"""Files that are begun before the clock is asked again."""

PAGE = 1_000
"""Files that one question to the database names."""

NAMED = 50
"""Problems that are named; the others are counted."""

_PATH = re.compile(r"[0-9a-f]{2}/[0-9a-f]{40}")

State = Literal["whole", "copied", "missing", "corrupt", "withheld", "misnamed"]
"""``withheld``: no rule of the masking policy keeps the document, so it is not brought."""


class Seen(BaseModel):
    """How far a filestore was looked through, and what was found; goes into a checkpoint."""

    model_config = ConfigDict(frozen=True)

    up_to: str = ""
    """The last path that was looked at."""
    of: int | None = None
    """Files that the database refers to; None before the first look."""
    files: int = 0
    """Files that were looked at."""
    bytes: int = 0
    """Their sizes, as the database has them."""
    copied: int = 0
    copied_bytes: int = 0
    problems: int = 0
    """Files that are not there, or not what their name says."""
    named: tuple[str, ...] = ()
    """The first of them, with the attachments that refer to them."""
    finished: bool = False


def filestore_of(environment: Environment) -> str:
    """Container and prefix of an environment's files."""
    return f"{environment.filestore.container}/{folder(environment.filestore.prefix)}"


def folder(prefix: str) -> str:
    """A prefix with the slash at its end, or nothing."""
    return f"{prefix.rstrip('/')}/" if prefix else ""


def sync_files(
    connection: Database,
    blobs: Blobs,
    target: str,
    source: str,
    seen: Seen,
    *,
    rules: Sequence[AttachmentRule] | None = None,
    budget: timedelta = BUDGET,
) -> Seen:
    """Look through some more of what the connected database refers to; bring what is not whole.

    ``target`` and ``source`` are container and prefix, as ``filestore_of`` gives them. Given
    ``rules``, only documents that they keep are brought: for a source with real data and a target
    without. Nothing is ever deleted.

    Each file is read once, and once more when it was brought. Safe to repeat, from any ``seen``.
    """

    def state_of(file: ReferredFile) -> State:
        found = _look(blobs, file, target)
        return found if found in ("whole", "misnamed") else _bring(blobs, file, target, source)

    return _look_through(connection, state_of, seen, rules, budget)


def check_files(connection: Database, blobs: Blobs, target: str, seen: Seen) -> Seen:
    """Look through some more of what the connected database refers to; it only reads."""
    return _look_through(connection, lambda file: _look(blobs, file, target), seen, None, BUDGET)


def _look_through(
    connection: Database,
    state_of: Callable[[ReferredFile], State],
    seen: Seen,
    rules: Sequence[AttachmentRule] | None,
    budget: timedelta,
) -> Seen:
    deadline = monotonic() + budget.total_seconds()
    if seen.of is None:
        seen = seen.model_copy(update={"of": count_files(connection)})
    while page := referred_files(connection, seen.up_to, PAGE, rules):
        left = timedelta(seconds=deadline - monotonic())
        states = within_budget(state_of, page, left)
        for file, state in zip(page, states, strict=False):
            seen = _count(seen, file, state)
        if monotonic() > deadline:
            return seen
    return seen.model_copy(update={"finished": True})


def within_budget(work: Callable[[F], T], files: Iterable[F], budget: timedelta) -> list[T]:
    """Do the work for one file after the other, several at once, until the budget is used.

    Returns what was done, in order: as many results as files were begun.
    """
    deadline = monotonic() + budget.total_seconds()
    waiting, results = list(files), list[T]()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        while waiting and (not results or monotonic() < deadline):
            batch, waiting = waiting[:BATCH], waiting[BATCH:]
            results += pool.map(work, batch)
    return results


def _look(blobs: Blobs, file: ReferredFile, target: str) -> State:
    """By its content: a file is named for its SHA-1."""
    if not _PATH.fullmatch(file.path):
        return "misnamed"
    try:
        digest = blobs.digest(target + file.path, "sha1")
    except BlobMissing:
        return "missing"
    return "whole" if digest == file.path.partition("/")[2] else "corrupt"


def _bring(blobs: Blobs, file: ReferredFile, target: str, source: str) -> State:
    if file.path in CONTENTS:
        blobs.upload(target + file.path, CONTENTS[file.path])
        return "copied"
    if not file.kept:
        return "withheld"
    try:
        blobs.copy(source + file.path, target + file.path)
    except BlobMissing:
        return "missing"
    return "copied" if _look(blobs, file, target) == "whole" else "corrupt"


def _count(seen: Seen, file: ReferredFile, state: State) -> Seen:
    size, copied = file.size or 0, state == "copied"
    found = {
        "up_to": file.path,
        "files": seen.files + 1,
        "bytes": seen.bytes + size,
        "copied": seen.copied + copied,
        "copied_bytes": seen.copied_bytes + size * copied,
    }
    if state not in ("whole", "copied"):
        found |= {"problems": seen.problems + 1, "named": seen.named}
        if len(seen.named) < NAMED:
            found["named"] = (*seen.named, f"{_attachments(file)}: {file.path} is {state}")
    return seen.model_copy(update=found)


def _attachments(file: ReferredFile) -> str:
    shown = ", ".join(str(key) for key in file.attachments[:3])
    more = len(file.attachments) - 3
    return f"attachment {shown}{f' and {more} more' if more > 0 else ''}"
