"""From a Pod's first container to the command and the environment of a local process."""

import base64
import os
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from infra.local.kubernetes.journal import Key
from infra.local.kubernetes.shapes import (
    FieldReference,
    KeyReference,
    Pod,
    Reference,
    ValueSource,
    Variable,
    VariableSource,
)
from infra.local.kubernetes.status import Json
from infra.local.kubernetes.store import Store

_INHERITED = ("HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PATH", "PYTHONPATH", "TMPDIR", "TZ")
_PYTHON = frozenset({"python", "python3"})
_EXPANSION = re.compile(r"\$(?:\$|\((?P<name>[-._a-zA-Z][-._a-zA-Z0-9]*)\))")
_ANNOTATION = re.compile(r"metadata\.(?P<map>annotations|labels)\['(?P<key>[^']+)'\]")


class CannotCreate(Exception):
    """The container cannot be created now; ``reason`` is what its status shows."""

    reason = "CreateContainerError"


class ConfigMissing(CannotCreate):
    """The container names a Secret, a ConfigMap or a key that does not exist (yet)."""

    reason = "CreateContainerConfigError"


@dataclass(frozen=True, slots=True)
class Command:
    """What to start; no ``words``: the image alone would know, so there is nothing to start."""

    words: tuple[str, ...]
    environment: Mapping[str, str]


def command_of(pod: Json, store: Store, given: Mapping[str, str]) -> Command:
    """Resolve command, arguments and environment as the kubelet does.

    The process sees what the container declares, ``given``, and a few variables of our own
    environment (``PATH``, ``HOME``, ``LANG``, ...); in case of doubt the container wins. Volumes
    are not mounted.

    Raises CannotCreate when something it refers to is not there, or when it relies on its image's
    entrypoint.
    """
    container = Pod.of(pod).spec.containers[0]
    if container.args and not container.command:
        raise CannotCreate(
            "no command specified: images are not run here, so their entrypoint is unknown"
        )
    sources = _Sources(pod, store)
    declared = sources.imported(container.env_from)
    for variable in container.env:
        value = sources.value(variable, declared)
        if value is not None:
            declared[variable.name] = value
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    words = [_expanded(word, declared) for word in (*container.command, *container.args)]
    return Command(_with_python(words), inherited | dict(given) | declared)


def _with_python(words: list[str]) -> tuple[str, ...]:
    """Containers bring a Python of their own; ours is the one that runs the emulator."""
    if words and words[0] in _PYTHON:
        return (sys.executable, *words[1:])
    return tuple(words)


def _expanded(text: str, variables: Mapping[str, str]) -> str:
    """Replace ``$(NAME)``; an unknown name stays as it is, ``$$`` is a dollar."""

    def replacement(found: re.Match[str]) -> str:
        name = found["name"]
        return "$" if name is None else variables.get(name, found[0])

    return _EXPANSION.sub(replacement, text)


class _Sources:
    """Where the values of one Pod's variables come from."""

    def __init__(self, pod: Json, store: Store) -> None:
        self._pod = pod
        self._namespace: str = pod["metadata"]["namespace"]
        self._store = store

    def imported(self, sources: Iterable[VariableSource]) -> dict[str, str]:
        found: dict[str, str] = {}
        for source in sources:
            if source.secret_ref:
                values = self._secret(source.secret_ref)
            elif source.config_map_ref:
                values = self._config_map(source.config_map_ref)
            else:
                continue
            found |= {source.prefix + name: value for name, value in (values or {}).items()}
        return found

    def value(self, variable: Variable, before: Mapping[str, str]) -> str | None:
        """The variable's value, None for an optional reference to nothing."""
        if variable.value_from is None:
            return _expanded(variable.value, before)
        return self._referred(variable.value_from)

    def _referred(self, source: ValueSource) -> str | None:
        if key := source.secret_key_ref:
            return _entry(key, self._secret(key))
        if key := source.config_map_key_ref:
            return _entry(key, self._config_map(key))
        if source.field_ref:
            return self._own_field(source.field_ref)
        raise ConfigMissing("a variable's valueFrom names no source that is known here")

    def _secret(self, reference: Reference) -> dict[str, str] | None:
        secret = self._object("secrets", reference)
        if secret is None:
            return None
        data: dict[str, str] = secret.get("data", {})
        return {name: os.fsdecode(base64.b64decode(value)) for name, value in data.items()}

    def _config_map(self, reference: Reference) -> dict[str, str] | None:
        config_map = self._object("configmaps", reference)
        return None if config_map is None else config_map.get("data", {})

    def _object(self, plural: str, reference: Reference) -> Json | None:
        found = self._store.get(Key("", plural, self._namespace, reference.name))
        if found is None and not reference.optional:
            raise ConfigMissing(f'{plural.removesuffix("s")} "{reference.name}" not found')
        return found

    def _own_field(self, reference: FieldReference) -> str:
        path, metadata = reference.field_path, self._pod["metadata"]
        if found := _ANNOTATION.fullmatch(path):
            return str(metadata.get(found["map"], {}).get(found["key"], ""))
        known = {f"metadata.{name}": metadata[name] for name in ("name", "namespace", "uid")}
        known |= {"status.podIP": "127.0.0.1", "status.hostIP": "127.0.0.1"}
        if path not in known:
            raise ConfigMissing(f"fieldRef {path} is not known here")
        return str(known[path])


def _entry(reference: KeyReference, values: Mapping[str, str] | None) -> str | None:
    value = (values or {}).get(reference.key)
    if value is None and not reference.optional:
        raise ConfigMissing(f'"{reference.name}" has no key "{reference.key}"')
    return value
