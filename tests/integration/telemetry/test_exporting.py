"""A run is one trace, whoever did its steps; and nobody waits for who draws it."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from functions.relay import publish_outcome
from shared.bus import Envelope
from shared.errors import PermanentError
from shared.estate import load_estate
from shared.messages import CloudEvent, Command
from shared.runs import Again, Runner
from shared.runs.reading import Received
from shared.settings import Settings
from shared.telemetry import SILENT, Telemetry, exporting, open_telemetry
from shared.telemetry.measuring import readings
from tests.integration.runs.conftest import ACTIONS, LEASE, Arrived, Engine, fails_once
from tests.otlpreceiver import OtlpReceiver, facts, otlp_receiver

PUBLISHER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
ESTATE = Path(__file__).parents[3] / "infra" / "local" / "estate.yaml"


@pytest.fixture
def receiver() -> Iterator[OtlpReceiver]:
    with otlp_receiver() as receiver:
        yield receiver


@pytest.fixture
def engine(empty_ledger: str) -> Iterator[Engine]:
    engine = Engine(empty_ledger)
    yield engine
    engine.ledger.close()


def settings(**given: Any) -> Settings:
    return Settings(ledger_url="postgresql://l", estate="e.yaml", blobs="b", **given)


@contextmanager
def host(engine: Engine, receiver: OtlpReceiver, name: str) -> Iterator["Host"]:
    """Another instance of the app, on the same ledger and bus."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("platform.node", lambda: name)
        telemetry = open_telemetry(settings(otlp_endpoint=receiver.url))
    try:
        yield Host(engine, telemetry)
    finally:
        telemetry.close()


class Host:
    def __init__(self, engine: Engine, telemetry: Telemetry) -> None:
        self.engine = engine
        self.telemetry = telemetry
        self.runner = Runner(
            engine.ledger,
            engine.outbox.post,
            engine,
            beating=lambda _: nullcontext(),
            lease=LEASE,
            telemetry=telemetry,
        )

    def deliver(self, envelope: Envelope) -> None:
        self.engine.now = max(self.engine.now, envelope.scheduled_for or self.engine.now)
        action = ACTIONS[envelope.topic, envelope.subject]
        self.runner.deliver(action, Command.model_validate_json(envelope.body))

    def deliver_all(self) -> None:
        while envelopes := self.engine.bus.take("goods"):
            for envelope in envelopes:
                self.deliver(envelope)

    def relay(self) -> None:
        """What the function does that listens on ``run-events``."""
        for said in self.engine.bus.take("run-events"):
            received = Received(said.topic, "s", said.id, said.body.encode(), dict(said.properties))
            with self.telemetry.handling("publish_outcome", received.properties):
                publish_outcome(
                    received, grid=None, ledger=self.engine.ledger, telemetry=self.telemetry
                )


def test_a_run_is_one_trace_over_two_hosts_and_its_parents_are_right(
    engine: Engine, receiver: OtlpReceiver
) -> None:
    event = Arrived(environment="north")
    said = CloudEvent.of(event, id="e-1", source="/t", time=engine.now, traceparent=PUBLISHER)
    engine.receive(said.model_dump_json().encode())
    [run] = engine.ledger.runs_of_event("/t", "e-1")
    looks = [Again(timedelta(seconds=5))]
    engine.yard.behave = lambda run: looks.pop() if run.step == "shelve" and looks else None

    with host(engine, receiver, "one") as one, host(engine, receiver, "two") as two:
        [unload] = engine.bus.take("goods")
        assert PUBLISHER.split("-")[1] in str(unload.properties["traceparent"])
        one.deliver(unload)
        two.deliver_all()
        one.relay()

    spans = receiver.spans.values()
    drawn = sorted((span.name, receiver.parent(span)) for span in spans)
    assert drawn == sorted(
        [
            ("arrived", None),
            ("goods", "arrived"),
            ("unload", "goods"),
            ("attempt", "unload"),
            ("unload", "attempt"),
            ("shelve", "goods"),
            ("attempt", "shelve"),
            ("shelve", "attempt"),
            ("shelve", "attempt"),
            *[("publish_outcome", "goods")] * 4,
        ]
    )
    assert {span.trace_id.hex() for span in spans} == {PUBLISHER.split("-")[1]}
    [arrived] = [span for span in spans if span.name == "arrived"]
    assert arrived.parent_span_id.hex() == PUBLISHER.split("-")[2]
    assert len(set(receiver.instances.values())) == 2
    tried = [facts(span.attributes) for span in spans if span.name == "shelve"]
    assert {"again", "succeeded"} <= {each.get("signalbox.outcome") for each in tried}
    assert {each["signalbox.run"] for each in tried} == {str(run)}
    counts = {name: [each.count for each in said] for name, said in receiver.metrics.items()}
    assert counts == {
        "signalbox_run_seconds": [1],
        "signalbox_step_seconds": [1, 1],
        "signalbox_attempt_seconds": [1],  # of the one that exported last
    }


def test_undoing_lost_attempts_and_reasons_are_in_the_trace(
    engine: Engine, receiver: OtlpReceiver
) -> None:
    run = engine.happen(Arrived(environment="north"))

    def fail(this: Any) -> None:
        if this.step == "shelve":
            raise SystemExit if this.attempt == 1 else PermanentError("the shelf is gone")

    engine.yard.behave = fail
    with host(engine, receiver, "one") as one:
        [unload] = engine.bus.take("goods")
        one.deliver(unload)
        [shelve] = engine.bus.take("goods")
        with pytest.raises(SystemExit):
            engine.deliver(shelve)  # by a process that dies, and exports nothing
        engine.pass_time(seconds=61)
        one.deliver(shelve)
        one.deliver_all()
        one.relay()

    assert engine.status(run) == "failed"
    named = {span.name: span for span in receiver.spans.values() if receiver.parent(span)}
    assert {"unload", "shelve", "load_back", "unshelve", "goods"} <= named.keys()
    assert "the shelf is gone" in named["goods"].status.message
    undone = [s for s in receiver.spans.values() if s.name == "load_back" and s.links]
    assert receiver.spans[undone[0].links[0].span_id.hex()].name == "unload"
    outcomes = [facts(span.attributes).get("signalbox.outcome") for span in receiver.spans.values()]
    assert {"lost", "failed", "succeeded"} <= set(outcomes)
    assert {span.trace_id.hex() for span in receiver.spans.values()} == {run.hex}


def test_a_collector_that_hangs_delays_no_step_and_fails_none(
    engine: Engine, receiver: OtlpReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "10")
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "4")
    monkeypatch.setenv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "2")
    receiver.answering.clear()
    runs = [engine.happen(Arrived(environment=f"n{i}"), id=f"e-{i}") for i in range(8)]

    with host(engine, receiver, "one") as one:
        began = monotonic()
        one.deliver_all()
        one.relay()
        took = monotonic() - began
        assert receiver.asked.wait(10), "the collector was never asked"
        receiver.answering.set()

    assert took < 5
    assert {engine.status(run) for run in runs} == {"succeeded"}


def test_gauges_say_what_the_ledger_says(engine: Engine, receiver: OtlpReceiver) -> None:
    engine.receive(b"{")
    engine.happen(Arrived(environment="north"))
    engine.pass_time(minutes=40)

    with host(engine, receiver, "one") as one:
        one.telemetry.observe(readings(engine.ledger, load_estate(ESTATE)))

    said = {name: points[0].as_double for name, points in receiver.metrics.items()}
    assert said["signalbox_parked"] == 1
    assert said["signalbox_runs_active"] == 1
    assert said["signalbox_runs_overdue"] == 1
    assert said["signalbox_upkeep"] == 1
    assert said["signalbox_capability_down"] == 1
    assert "signalbox_attempts" not in said, "counters are for Prometheus"


@pytest.mark.parametrize("said", [None, 7, "", "garbage", f"00-{'0' * 32}-{'0' * 16}-01"])
def test_a_message_of_no_trace_is_handled_all_the_same(receiver: OtlpReceiver, said: Any) -> None:
    telemetry = open_telemetry(settings(otlp_endpoint=receiver.url))

    with telemetry.handling("accept_event", {"traceparent": said}):
        handled = True
    telemetry.close()

    assert handled
    assert receiver.spans == {}


def test_application_insights_is_told_the_same(
    engine: Engine, receiver: OtlpReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for spoken_to_microsoft in (
        "STATSBEAT_DISABLED_ALL",
        "SDKSTATS_DISABLED",
        "CONTROLPLANE_DISABLED",
    ):
        monkeypatch.setenv(f"APPLICATIONINSIGHTS_{spoken_to_microsoft}", "true")
    monkeypatch.setattr(exporting, "DefaultAzureCredential", lambda: None)  # it wants TLS
    key = "InstrumentationKey=00000000-0000-0000-0000-000000000001"
    place = f"{key};IngestionEndpoint={receiver.url}/"
    telemetry = open_telemetry(settings(application_insights=place))
    run = engine.happen(Arrived(environment="north"))
    engine.yard.behave = fails_once(PermanentError("the shelf is gone"))

    host = Host(engine, telemetry)
    host.deliver_all()
    host.relay()
    telemetry.observe(readings(engine.ledger, load_estate(ESTATE)))
    telemetry.close()

    named = {each["name"]: each for each in receiver.told if "name" in each}
    assert named["goods"]["properties"]["signalbox.run"] == str(run)
    assert "the shelf is gone" in named["goods"]["properties"]["signalbox.reason"]
    assert named["goods"]["success"] is False
    metrics = {each["name"]: each for told in receiver.told for each in told.get("metrics", ())}
    assert metrics["signalbox_upkeep"]["value"] == 1
    assert metrics["signalbox_run_seconds"]["count"] == 1


def test_without_a_place_to_export_to_nothing_is_imported() -> None:
    program = (
        "import runpy, sys, shared.runs\n"
        "runpy.run_path('functions/failover/sessions.py')\n"
        "print([m for m in sys.modules if m.startswith(('opentelemetry.sdk', 'azure.monitor'))])"
    )

    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ESTATE.parents[2],
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == "[]"
    assert open_telemetry(settings()) is SILENT
