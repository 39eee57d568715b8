"""The bus and the function app: every function has a subscription, and instances of its own."""

import json
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.outage.timeline import Timeline
from shared.bus import Envelope

ROOT = Path(__file__).parents[2]
CALLS = 8
"""At a time on one instance: ``maxConcurrentCalls`` of host.json."""
INSTANCES = 100
"""Of the whole app at most: ``maximumInstanceCount`` of app.bicep."""
DECIDES = 10.0
"""Seconds between two looks of the scale controller at a function. Assumed."""
AT_ONCE = 4
"""Instances that it adds to a function at one look: target-based scaling."""
COLD = 5.0
"""Seconds until a new instance takes messages. Assumed."""


@dataclass
class Function:
    """One step's function on one topic."""

    handle: Callable[[Envelope], object]
    waiting: deque[Envelope] = field(default_factory=deque)
    calls: int = 0
    instances: int = 0
    coming: int = 0

    @property
    def wanted(self) -> int:
        return -(-(len(self.waiting) + self.calls) // CALLS)

    @property
    def free(self) -> int:
        return max(0, self.instances * CALLS - self.calls)


class Fleet:
    """Carries messages to functions in the order in which they came."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._functions: dict[tuple[str, str], Function] = {}
        self._seen: set[str] = set()
        self._listeners = _listeners()
        self._operations: Counter[int] = Counter()
        self.sent: Counter[str] = Counter()
        self.most_instances = self.most_calls = self.messages_waiting = 0
        self._deciding = False
        self._decisions = 0

    def listen(self, topic: str, subject: str, handle: Callable[[Envelope], object]) -> None:
        self._functions[topic, subject] = Function(handle)

    def send(self, envelopes: Iterable[Envelope]) -> None:
        for envelope in envelopes:
            if envelope.id in self._seen:
                continue
            self._seen.add(envelope.id)
            self.sent[envelope.topic] += 1
            self._count(1 + self._listeners.get((envelope.topic, envelope.subject), 0))
            self._deliver_later(envelope)

    def close(self) -> None:
        """Nothing is open."""

    def _count(self, operations: int) -> None:
        second = int((self._timeline.now - self._timeline.start).total_seconds())
        self._operations[second] += operations

    def _deliver_later(self, envelope: Envelope) -> None:
        function = self._functions.get((envelope.topic, envelope.subject))
        if function is None:
            return
        now = self._timeline.now
        due = max(now, envelope.scheduled_for or now)
        self._timeline.at(due, lambda: self._arrive(function, envelope))

    def _arrive(self, function: Function, envelope: Envelope) -> None:
        function.waiting.append(envelope)
        self._start_calls(function)
        if not self._deciding:
            self._deciding = True
            self._decide()

    def _start_calls(self, function: Function) -> None:
        while function.waiting and function.free:
            envelope = function.waiting.popleft()
            function.calls += 1
            began = self._timeline.now
            self._count(1)
            function.handle(envelope)
            self._timeline.at(self._timeline.now, lambda: self._end_call(function))
            self._timeline.now = began
        calls = sum(each.calls for each in self._functions.values())
        self.most_calls = max(self.most_calls, calls)

    def _end_call(self, function: Function) -> None:
        function.calls -= 1
        self._start_calls(function)

    # -- scaling -------------------------------------------------------------------------

    def _decide(self) -> None:
        """Give idle instances back, then add some where messages wait, as long as there are any."""
        functions = list(self._functions.values())
        for each in functions:
            each.instances = min(each.instances, each.wanted)
        left = INSTANCES - sum(each.instances + each.coming for each in functions)
        self._decisions += 1
        first = self._decisions % len(functions)
        for each in functions[first:] + functions[:first]:  # who is first is not said by Azure
            more = min(AT_ONCE, left, each.wanted - each.instances - each.coming)
            if more > 0:
                left -= more
                self._add(each, more)
        self.most_instances = max(self.most_instances, INSTANCES - left)
        waiting = sum(len(each.waiting) for each in functions)
        self.messages_waiting = max(self.messages_waiting, waiting)
        self._deciding = any(each.wanted or each.coming for each in functions)
        if self._deciding:
            self._timeline.after(DECIDES, self._decide)

    def _add(self, function: Function, more: int) -> None:
        function.coming += more

        def come() -> None:
            function.coming -= more
            function.instances += more
            self._start_calls(function)

        self._timeline.after(COLD, come)

    # -- figures -------------------------------------------------------------------------

    @property
    def operations(self) -> int:
        """Sent and received."""
        return self._operations.total()

    @property
    def busiest_second(self) -> int:
        return max(self._operations.values(), default=0)


def _listeners() -> dict[tuple[str, str], int]:
    """How many subscriptions to announcements get each subject."""
    topology: dict[str, Any] = json.loads((ROOT / "infra" / "topology.json").read_text("utf-8"))
    found: Counter[tuple[str, str]] = Counter()
    for topic in topology["UserConfig"]["Namespaces"][0]["Topics"]:
        if topic["Name"] == "run-events":
            for subscription in topic["Subscriptions"]:
                for rule in subscription["Rules"]:
                    found["run-events", rule["Properties"]["CorrelationFilter"]["Label"]] += 1
    return dict(found)
