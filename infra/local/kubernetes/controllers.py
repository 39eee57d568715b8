"""The loop that brings every object to where its specification says."""

import logging
import math
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from infra.local.kubernetes.api import Api
from infra.local.kubernetes.journal import Key
from infra.local.kubernetes.objects import Target
from infra.local.kubernetes.status import Json, Refused
from infra.local.kubernetes.store import Change, ChangeType

_log = logging.getLogger(__name__)
_IDLE = 60.0


class Reconciler(Protocol):
    """Looks after the objects of one kind."""

    def reconcile(self, target: Target, obj: Json) -> float | None:
        """Bring the object one step further; returns when to look again, in seconds."""

    def forget(self, obj: Json) -> None:
        """The object is gone."""


@dataclass(frozen=True, slots=True)
class Watched:
    """A reconciler, and how long an object must be left alone before it looks (seconds)."""

    by: Reconciler
    settle: float = 0.0


class Controllers:
    """One thread; each reconciliation holds the store's lock, so nothing changes beneath it."""

    def __init__(self, api: Api, watched: Mapping[tuple[str, str], Watched]) -> None:
        self._api = api
        self._watched = watched
        self._kinds = {api.registry.stored(*kind).kind: kind for kind in watched}
        self._due: dict[Key, float] = {}
        self._position = 0
        self._thread = threading.Thread(target=self._loop, daemon=True)

    def start(self) -> None:
        self._look_at_everything()
        self._thread.start()

    def join(self) -> None:
        """Wait for the loop, which ends when the store is closed."""
        self._thread.join()

    def _look_at_everything(self) -> None:
        with self._api.store.lock:
            self._position = self._api.store.version
            for key in self._api.store.all_keys():
                self._schedule(key)

    def _loop(self) -> None:
        store = self._api.store
        while not store.closed:
            left = min(self._due.values(), default=math.inf) - time.monotonic()
            try:
                changes = store.changes(self._position, min(max(left, 0), _IDLE))
            except Refused:
                self._look_at_everything()
                continue
            for change in changes:
                self._note(change)
            self._reconcile_due()

    def _note(self, change: Change) -> None:
        self._position = change.version
        watched = self._watched.get(change.key[:2])
        if watched and change.type == ChangeType.DELETED:
            watched.by.forget(change.obj)
        else:
            self._schedule(change.key)
        for owner in change.obj["metadata"].get("ownerReferences", ()):
            if kind := self._kinds.get(owner["kind"]):
                self._schedule(Key(*kind, change.key.namespace, owner["name"]))

    def _schedule(self, key: Key) -> None:
        if watched := self._watched.get(key[:2]):
            self._due[key] = time.monotonic() + watched.settle

    def _reconcile_due(self) -> None:
        now = time.monotonic()
        for key in [key for key, due in self._due.items() if due <= now]:
            del self._due[key]
            self._reconcile(key)

    def _reconcile(self, key: Key) -> None:
        with self._api.store.lock:
            obj = self._api.store.get(key)
            if obj is None or self._api.store.closed:
                return
            try:
                again = self._watched[key[:2]].by.reconcile(self._api.target(key), obj)
            except Exception:  # noqa: BLE001 - one bad object must not stop the cluster
                _log.exception("reconcile_failed %s", "/".join(key))
                return
        if again is not None:
            self._due[key] = time.monotonic() + again
