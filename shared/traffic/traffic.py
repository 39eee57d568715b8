"""The resource that steps ask for."""

from collections.abc import Collection, Sequence
from typing import Self

from azure.identity import DefaultAzureCredential

from shared.arm import Arm
from shared.estate.traffic import AzureDns, FrontDoor, Side, TrafficRule
from shared.traffic import dns, front_door, traffic_manager
from shared.traffic.redirects import Redirect


class Traffic:
    """How the world is led to one of two sides, by the rules of the estate."""

    def __init__(self, rules: Sequence[TrafficRule], arm: Arm) -> None:
        self._rules = rules
        self._arm = arm

    @classmethod
    def connect(cls, rules: Sequence[TrafficRule]) -> Self:
        """Ask Azure as this app's own identity; nothing is asked before the first use."""
        return cls(rules, Arm.connect(DefaultAzureCredential()))

    def rules(self, hosts: Collection[str]) -> tuple[TrafficRule, ...]:
        """The rules for any of these host names."""
        return tuple(rule for rule in self._rules if any(host in hosts for host in rule.hosts))

    def redirects(self, rule: TrafficRule, side: Side) -> tuple[Redirect, ...]:
        """Everything that the rule is about, in the order in which it has to change.

        Raises AzureOutOfReach, AzureRefuses, RuleUnfit.
        """
        match rule:
            case AzureDns():
                return tuple(dns.redirects(self._arm, rule, side))
            case FrontDoor():
                return tuple(front_door.redirects(self._arm, rule, side))
            case _:
                return tuple(traffic_manager.redirects(self._arm, rule, side))
