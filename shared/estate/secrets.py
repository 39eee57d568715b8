"""From a reference to the secret itself. No error raised here contains a value."""

import os
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from shared.errors import PermanentError
from shared.estate.references import Reference
from shared.settings import UNRESOLVED

Resolver = Callable[[str], str]
"""Takes the part of a reference after the colon and returns the value."""


Keeper = Callable[[str, str, datetime | None], None]
"""Takes the part of a reference after the colon, a value and when that expires, and keeps it."""


class SecretNotKept(PermanentError):
    """A new value cannot be written where a reference says."""


class SecretMissing(PermanentError):
    """A secret that the estate refers to is not where the reference says."""


class Secrets:
    """Resolves the estate's references.

    ``env`` and ``file`` always work, from the given environment and the file system. ``keyvault``
    and ``kubernetes`` need a resolver, which a deployment without them does not give.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        *,
        keyvault: Resolver | None = None,
        kubernetes: Resolver | None = None,
        keep_in_keyvault: Keeper | None = None,
    ) -> None:
        self._environment = dict(environment)  # the host may show it only while the app loads
        self._resolvers = {
            "env": self._read_environment,
            "file": _read_file,
            "keyvault": keyvault or _refuse("keyvault", "Azure credentials"),
            "kubernetes": kubernetes or _refuse("kubernetes", "a cluster"),
        }
        self._keepers = {"file": _write_file, "keyvault": keep_in_keyvault}

    def resolve(self, reference: Reference) -> str:
        """Return the secret; raises SecretMissing when it is not there or empty."""
        value = self._resolvers[reference.scheme](reference.place)
        if not value:
            raise SecretMissing(f"The secret {reference} is empty: store a value there.")
        return value

    def keep(self, reference: Reference, value: str, *, expires: datetime | None) -> None:
        """Write a new value, unless that is the newest one already.

        Raises SecretNotKept where nothing can be written.
        """
        keeper = self._keepers.get(reference.scheme)
        if keeper is None:
            raise SecretNotKept(f"Nothing can be written to {reference}: name a vault or a file.")
        if self._newest(reference) != value:
            keeper(reference.place, value, expires)

    def _newest(self, reference: Reference) -> str | None:
        try:
            return self._resolvers[reference.scheme](reference.place)
        except SecretMissing:
            return None

    def _read_environment(self, name: str) -> str:
        if name not in self._environment:
            raise SecretMissing(f"The secret env:{name} is missing: set the app setting {name}.")
        value = self._environment[name]
        if value.startswith(UNRESOLVED):
            raise SecretMissing(
                f"The secret env:{name} is a Key Vault reference that Azure could not resolve: put "
                "the secret in the vault and give the app's identity Key Vault Secrets User."
            )
        return value


def _read_file(path: str) -> str:
    try:
        return Path(path).read_text().removesuffix("\n")
    except OSError as error:
        raise SecretMissing(f"The secret file:{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError:
        # Not chained: that error quotes the file.
        raise SecretMissing(f"The secret file:{path} is not UTF-8 text.") from None


def _write_file(path: str, value: str, expires: datetime | None) -> None:  # noqa: ARG001
    """Whole or not at all, for its owner alone."""
    new = Path(f"{path}.new")
    try:
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(value)
        new.replace(path)
    except OSError as error:
        raise SecretNotKept(f"file:{path} cannot be written: {error.strerror}.") from error


def _refuse(scheme: str, missing: str) -> Resolver:
    def refuse(place: str) -> str:
        raise SecretMissing(f"The secret {scheme}:{place} needs {missing}: this app has none.")

    return refuse
