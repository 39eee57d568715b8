"""The triggers this host serves, read from the bindings that a function declares."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra.local.host.routes import Route
from infra.local.host.schedule import Schedule
from infra.local.host.settings import SettingMissing, resolve

METHODS = ("GET", "POST", "DELETE", "HEAD", "PATCH", "PUT", "OPTIONS")


class BindingUnsupported(Exception):
    """A binding that Azure may accept and this host does not serve."""


@dataclass(frozen=True)
class ServiceBusTrigger:
    """Messages of a queue, or of a topic's subscription."""

    connection: str
    """Name of the app setting (or prefix of the settings) that says where the namespace is."""
    entity: str
    """The queue or topic."""
    subscription: str | None = None


@dataclass(frozen=True)
class TimerTrigger:
    """Moments of a schedule."""

    schedule: Schedule
    run_on_startup: bool


@dataclass(frozen=True)
class HttpTrigger:
    """Requests below the route prefix."""

    route: Route
    methods: frozenset[str]
    open_to_all: bool
    """True for auth level anonymous; otherwise the host key is required."""


@dataclass(frozen=True)
class EventGridTrigger:
    """Events posted to the Event Grid webhook."""


Trigger = ServiceBusTrigger | TimerTrigger | HttpTrigger | EventGridTrigger


def parse_trigger(binding: Mapping[str, Any], settings: Mapping[str, str]) -> Trigger:
    """Understand a trigger binding, with ``%NAME%`` resolved.

    Raises BindingUnsupported, SettingMissing, or ValueError for a malformed schedule or route.
    """
    resolved = {
        key: resolve(value, settings) if isinstance(value, str) else value
        for key, value in binding.items()
    }
    match binding["type"]:
        case "serviceBusTrigger":
            _require_connection(resolved["connection"], settings)
            return _service_bus(resolved)
        case "timerTrigger":
            return TimerTrigger(
                Schedule.parse(resolved["schedule"]), bool(resolved.get("runOnStartup"))
            )
        case "httpTrigger":
            return _http(resolved)
        case "eventGridTrigger":
            return EventGridTrigger()
    raise BindingUnsupported(
        f"trigger {binding['type']!r} is not served here: use Service Bus, timer, HTTP, Event Grid"
    )


def _service_bus(binding: Mapping[str, Any]) -> ServiceBusTrigger:
    for key, refused in (
        ("isSessionsEnabled", (True,)),
        ("cardinality", ("MANY",)),
        ("autoCompleteMessages", (False,)),
    ):
        if _plain(binding.get(key)) in refused:
            raise BindingUnsupported(f"{key} {_plain(binding[key])!r} is not served here")
    if "queueName" in binding:
        return ServiceBusTrigger(binding["connection"], binding["queueName"])
    return ServiceBusTrigger(
        binding["connection"], binding["topicName"], binding["subscriptionName"]
    )


def _require_connection(name: str, settings: Mapping[str, str]) -> None:
    names = (name, f"{name}__fullyQualifiedNamespace")
    if not any(settings.get(candidate) for candidate in names):
        raise SettingMissing(
            f"the connection needs the app setting {' or '.join(map(repr, names))}"
        )


def _http(binding: Mapping[str, Any]) -> HttpTrigger:
    methods = frozenset(str(_plain(method)) for method in binding.get("methods") or METHODS)
    open_to_all = _plain(binding.get("authLevel")) == "ANONYMOUS"
    return HttpTrigger(Route.parse(binding["route"]), methods, open_to_all)


def _plain(value: object) -> object:
    """An enum member travels as its upper-case name."""
    return getattr(value, "name", value)
