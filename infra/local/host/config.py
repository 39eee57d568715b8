"""What host.json says, with the defaults of the host and of its Service Bus extension 5.x."""

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

OVERRIDE = "AzureFunctionsJobHost__"
"""An app setting ``AzureFunctionsJobHost__a__b`` replaces ``a.b`` of host.json."""


def _timespan(text: object) -> object:
    """Accept .NET's ``[d.]hh:mm:ss``, which pydantic writes ``[dd,]hh:mm:ss``."""
    return re.sub(r"^(\d+)\.(?=\d+:)", r"\1d,", text) if isinstance(text, str) else text


Timespan = Annotated[timedelta, BeforeValidator(_timespan)]


class _Section(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, frozen=True, extra="ignore")


class ServiceBusConfig(_Section):
    """``extensions.serviceBus``. A key that this host does not know is refused, not ignored."""

    model_config = ConfigDict(extra="forbid")

    auto_complete_messages: Literal[True] = True
    """Python functions cannot settle by themselves, so nothing else would work."""
    max_concurrent_calls: Annotated[int, Field(ge=1)] = 16
    """Messages of one function that are handled at the same time."""
    prefetch_count: Annotated[int, Field(ge=0)] = 0
    max_auto_lock_renewal_duration: Timespan = timedelta(minutes=5)
    client_retry_options: dict[str, Any] = {}
    """Accepted and not used: this host reconnects for ever."""


class HttpConfig(_Section):
    """``extensions.http``."""

    route_prefix: str = "api"


class Extensions(_Section):
    """``extensions``."""

    http: HttpConfig = HttpConfig()
    service_bus: ServiceBusConfig = ServiceBusConfig()


class HostConfig(_Section):
    """The parts of host.json that this host acts on."""

    version: Literal["2.0"]
    extensions: Extensions = Extensions()


def read_host_config(app_folder: Path, settings: Mapping[str, str]) -> HostConfig:
    """Read host.json beside function_app.py and apply the overrides among the app settings."""
    content: dict[str, Any] = json.loads((app_folder / "host.json").read_text(encoding="utf-8"))
    for name, value in settings.items():
        if name.startswith(OVERRIDE):
            _override(content, name.removeprefix(OVERRIDE).split("__"), value)
    return HostConfig.model_validate(content)


def _override(content: dict[str, Any], path: list[str], value: str) -> None:
    *sections, key = path
    for section in sections:
        content = content.setdefault(section, {})
    content[key] = value
