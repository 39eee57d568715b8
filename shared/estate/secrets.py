"""From a reference to the secret itself. No error raised here contains a value."""

from collections.abc import Callable, Mapping
from pathlib import Path

from shared.errors import PermanentError
from shared.estate.references import Reference
from shared.settings import UNRESOLVED

Resolver = Callable[[str], str]
"""Takes the part of a reference after the colon and returns the value."""


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
    ) -> None:
        self._environment = dict(environment)  # the host may show it only while the app loads
        self._resolvers = {
            "env": self._read_environment,
            "file": _read_file,
            "keyvault": keyvault or _refuse("keyvault", "Azure credentials"),
            "kubernetes": kubernetes or _refuse("kubernetes", "a cluster"),
        }

    def resolve(self, reference: Reference) -> str:
        """Return the secret; raises SecretMissing when it is not there or empty."""
        value = self._resolvers[reference.scheme](reference.place)
        if not value:
            raise SecretMissing(f"The secret {reference} is empty: store a value there.")
        return value

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


def _refuse(scheme: str, missing: str) -> Resolver:
    def refuse(place: str) -> str:
        raise SecretMissing(f"The secret {scheme}:{place} needs {missing}: this app has none.")

    return refuse
