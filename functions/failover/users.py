"""Lead the world to the side that takes over, by the estate's rules of traffic."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from shared.arm import AzureOutOfReach, AzureRefuses
from shared.estate.traffic import Side, TrafficRule
from shared.ledger import Pair
from shared.messages.failover import EndpointChange
from shared.traffic import Redirect, RuleUnfit, Traffic


@dataclass
class Led:
    """What was done to lead users."""

    changes: list[EndpointChange] = field(default_factory=list)
    """Written now."""
    waiting: list[str] = field(default_factory=list)
    """What another look may find done."""
    refused: list[str] = field(default_factory=list)
    """What a person has to do."""


def plan_users(traffic: Traffic, pair: Pair) -> tuple[tuple[EndpointChange, ...], tuple[str, ...]]:
    """What would be written, and what could not be found out; nothing is changed."""
    changes: list[EndpointChange] = []
    unknown: list[str] = []
    for rule in traffic.rules(_hosts(pair)):
        try:
            redirects = traffic.redirects(rule, _side(pair))
        except (AzureOutOfReach, AzureRefuses, RuleUnfit) as error:
            unknown.append(f"where {_named(rule)} lead could not be found out: {error}")
        else:
            changes += [change for each in redirects for change in each.changes]
    return tuple(changes), tuple(unknown)


def lead_users(traffic: Traffic, pair: Pair, epoch: int) -> Led:
    """Write what does not lead there yet, one resource after the other, each read back.

    Raises StaleEpoch when a newer run has led users since.
    """
    led = Led()
    for rule in traffic.rules(_hosts(pair)):
        look = partial(traffic.redirects, rule, _side(pair))
        try:
            led.waiting += _turn(look, epoch, led.changes)
        except AzureOutOfReach as error:
            led.waiting.append(f"{_named(rule)}: {error}")
        except (AzureRefuses, RuleUnfit) as error:
            led.refused.append(f"{_named(rule)} not led to {pair.standby.name}: {error}")
    return led


def by_hand(traffic: Traffic, pair: Pair) -> Iterator[str]:
    """The host names that no rule is for."""
    led = {host for rule in traffic.rules(_hosts(pair)) for host in rule.hosts}
    if left := [host for host in _hosts(pair) if host not in led]:
        names = ", ".join(left)
        yield f"DNS and Front Door: point {names} at the ingress of {pair.standby.cluster}"


def _turn(
    look: Callable[[], Sequence[Redirect]], epoch: int, written: list[EndpointChange]
) -> Iterator[str]:
    """Write until a look finds everything as it should be; else says what is not done yet."""
    while found := next((each for each in look() if each.changes or each.pending), None):
        if not found.changes:
            yield str(found.pending)
            return
        change = found.changes[0]
        if change in written:
            yield (
                f"{change.place} has {change.setting} = {change.before} although {change.after} "
                "was written: find out who else writes it"
            )
            return
        found.write(epoch)
        written.extend(found.changes)


def _hosts(pair: Pair) -> tuple[str, ...]:
    return tuple(endpoint.host for endpoint in pair.production.endpoints)


def _side(pair: Pair) -> Side:
    return "production" if pair.standby == pair.production else "standby"


def _named(rule: TrafficRule) -> str:
    return ", ".join(rule.hosts)
