"""Where objects live: the current ones, and the recent changes that watches replay."""

import threading
import time
from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum

from infra.local.kubernetes.journal import Journal, Key
from infra.local.kubernetes.status import Json, Refused

_CHANGES_KEPT = 20_000


class ChangeType(StrEnum):
    """What happened to an object, as a watch says it."""

    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"


@dataclass(frozen=True, slots=True)
class Change:
    """One step of the cluster's history; ``before`` lets a watch see what leaves its selector."""

    version: int
    type: ChangeType
    key: Key
    obj: Json
    before: Json | None


class Store:
    """Objects by key, numbered by one growing resource version.

    Objects handed out are shared and never changed in place: copy before changing. ``lock`` makes a
    read and the write that follows from it one step. With a journal the objects survive the
    process; the history of changes does not, so a watch from before a restart is told to list
    again.
    """

    def __init__(self, journal: Journal | None = None) -> None:
        self.lock = threading.RLock()
        self.closed = False
        self.version = journal.version() if journal else 0
        self._changed = threading.Condition(self.lock)
        self._changes: list[Change] = []
        self._forgotten = self.version
        self._journal = journal
        self._kinds: defaultdict[tuple[str, str], dict[Key, Json]] = defaultdict(dict)
        for key, obj in journal.objects() if journal else ():
            self._kinds[key[:2]][key] = obj

    def close(self) -> None:
        """Wake everyone who waits; they see ``closed``. The journal is its owner's to close."""
        with self._changed:
            self.closed = True
            self._changed.notify_all()

    def get(self, key: Key) -> Json | None:
        with self.lock:
            return self._kinds[key[:2]].get(key)

    def find(self, group: str, plural: str, namespace: str = "") -> list[Json]:
        """All objects of one kind, sorted by namespace and name; "" means in any namespace."""
        with self.lock:
            kind = self._kinds[group, plural]
            keys = sorted(key for key in kind if namespace in ("", key.namespace))
            return [kind[key] for key in keys]

    def all_keys(self, namespace: str = "") -> list[Key]:
        with self.lock:
            return [
                key
                for kind in self._kinds.values()
                for key in kind
                if namespace in ("", key.namespace)
            ]

    def put(self, key: Key, obj: Json) -> Json:
        """Store the object under a new resource version and return it with that version."""
        with self.lock:
            before = self._kinds[key[:2]].get(key)
            stored = self._stamped(obj)
            self._kinds[key[:2]][key] = stored
            kind = ChangeType.MODIFIED if before else ChangeType.ADDED
            self._record(Change(self.version, kind, key, stored, before), stored)
            return stored

    def remove(self, key: Key) -> Json:
        with self.lock:
            before = self._kinds[key[:2]].pop(key)
            gone = self._stamped(before)
            self._record(Change(self.version, ChangeType.DELETED, key, gone, before), None)
            return gone

    def _stamped(self, obj: Json) -> Json:
        self.version += 1
        return obj | {"metadata": obj["metadata"] | {"resourceVersion": str(self.version)}}

    def _record(self, change: Change, remains: Json | None) -> None:
        if self._journal:
            self._journal.write(change.version, change.key, remains)
        self._changes.append(change)
        if len(self._changes) > _CHANGES_KEPT:
            half = _CHANGES_KEPT // 2
            self._forgotten = self._changes[half - 1].version
            del self._changes[:half]
        self._changed.notify_all()

    def changes(self, since: int, timeout: float) -> list[Change]:
        """Changes after version ``since``, waiting up to ``timeout`` seconds for the first."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while self.version <= since and not self.closed:
                left = deadline - time.monotonic()
                if left <= 0:
                    return []
                self._changed.wait(left)
            return self._after(since)

    def _after(self, since: int) -> list[Change]:
        if since < self._forgotten:
            message = f"too old resource version: {since} ({self._forgotten})"
            raise Refused(410, "Expired", message)
        return self._changes[bisect_right(self._changes, since, key=lambda c: c.version) :]
