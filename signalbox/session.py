"""What a command works on: the deployment that the settings describe, connected to when used."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import psycopg
import typer
from azure.identity import DefaultAzureCredential
from pydantic import ValidationError

from shared.estate import Estate, load_estate
from shared.ledger import Ledger
from shared.postgres.entra import EntraSignIn
from shared.settings import Settings
from signalbox.errors import Unusable

LOCAL = Path(".local") / "platform" / "local.settings.json"


class Session:
    """Settings, ledger and bus of one deployment."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @classmethod
    def of(cls, file: Path | None) -> "Session":
        """From a ``local.settings.json``, else the environment, else the embedded platform."""
        if file is None and "SIGNALBOX_LEDGER_URL" not in os.environ and LOCAL.exists():
            file = LOCAL
        if file is not None:
            os.environ.update(_values(file))
        try:
            return cls(Settings())
        except ValidationError as error:
            missing = ", ".join(str(e["loc"][0]) for e in error.errors(include_input=False))
            raise Unusable(
                f"settings are missing or wrong: {missing}. Start the embedded platform with"
                " `signalbox up`, name a local.settings.json with --settings, or set the"
                " variables of local.settings.example.json."
            ) from None

    @cached_property
    def estate(self) -> Estate:
        return load_estate(self.settings.estate)

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        """Raises Unusable when it cannot be reached."""
        url = self.settings.ledger_url.get_secret_value()
        _reach(url)
        ledger = Ledger.connect(url, connections=2)
        try:
            yield ledger
        finally:
            ledger.close()


def _reach(ledger_url: str) -> None:
    """Ask the ledger's server itself: a pool tries for long, and does not say why it gave up."""
    try:
        address = EntraSignIn(DefaultAzureCredential()).complete(ledger_url)
        psycopg.connect(address, connect_timeout=10).close()
    except psycopg.ProgrammingError:
        raise Unusable("SIGNALBOX_LEDGER_URL is no URL of PostgreSQL: correct it") from None
    except psycopg.OperationalError as error:
        raise Unusable(
            f"the ledger cannot be reached: {str(error).splitlines()[0]}. Is the platform up, and"
            " SIGNALBOX_LEDGER_URL right? `signalbox doctor` looks at everything"
        ) from None


def profile_file(name: str) -> Path:
    """The settings that a person has stored under a name. Raises Unusable when there are none."""
    folder = Path(typer.get_app_dir("signalbox"))
    known = sorted(file.stem for file in folder.glob("*.json"))
    if name not in known:
        raise Unusable(
            f"there is no profile {name!r} (known: {', '.join(known) or 'none'}):"
            f" put a local.settings.json of that deployment into {folder} as NAME.json"
        )
    return folder / f"{name}.json"


def _values(file: Path) -> dict[str, str]:
    try:
        values = json.loads(file.read_text("utf-8"))["Values"]
        return {str(name): str(value) for name, value in values.items()}
    except OSError as error:
        raise Unusable(f"{file}: {error.strerror}") from None
    except (ValueError, KeyError, AttributeError):
        raise Unusable(f"{file} is no local.settings.json: it needs an object Values") from None
