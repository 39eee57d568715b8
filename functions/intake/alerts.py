"""The webhook of Azure Monitor, which has no way to the bus of its own."""

import hmac
from collections.abc import Callable

from shared.bus import Bus, BusOutOfReach
from shared.identity import Role
from shared.limits import address
from shared.runs.publishing import publish
from shared.runs.reading import ALERT, Received, Unacceptable, read_event
from shared.triggers import Answer, Asked, Guard, problem

SECRET = "x-signalbox-secret"
"""The header in which a relay sends what it shares with us. Azure Monitor itself cannot set one:
its secure webhook signs in with Entra ID instead."""


def accept_alert(
    asked: Asked, *, guard: Guard, secret: Callable[[], str] | None, bus: Bus
) -> Answer:
    """Put an alert on the bus, where it is an event like any other: 202 with its source and id.

    Safe to repeat: the same alert in the same condition is the same event.
    """
    if refusal := _refusal(asked, guard, secret):
        return refusal
    try:
        event = read_event(Received("http", "http", "", asked.body, {}))
    except Unacceptable as refused:
        return problem(400, str(refused))
    if event.type != ALERT:
        return problem(400, "Send an alert of Azure Monitor with its common alert schema.")
    try:
        publish(bus, event)
    except BusOutOfReach:
        return problem(503, "The bus does not answer: send it again.", **{"Retry-After": "30"})
    return Answer({"source": event.source, "id": event.id}, 202)


def _refusal(asked: Asked, guard: Guard, secret: Callable[[], str] | None) -> Answer | None:
    given = asked.headers.get(SECRET)
    if given is None or secret is None:
        return guard.refusal(asked, Role.OPERATOR)
    if not guard.limit.admits(address(asked.headers)):
        return problem(429, "Too many requests: wait a minute.", **{"Retry-After": "60"})
    if not hmac.compare_digest(given.encode(), secret().encode()):
        return problem(401, f"The header {SECRET} does not have what the estate refers to.")
    return None
