"""The same chain without an engine: what bus and database cost when written by hand.

Every hop receives a message with the SDK, does the two transactions of a step as few statements in
as few round trips as psycopg allows, sends the next message and completes its own. It checks
nothing, so it is no chain to rely on: it is the limit that the engine is compared with.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from typing import Any
from uuid import UUID, uuid4

import psycopg
from azure.servicebus import ServiceBusClient, ServiceBusMessage, ServiceBusReceiver
from psycopg.types.json import Jsonb

from benchmarks.track.runbook import RUNBOOK
from benchmarks.track.stopwatch import Stopwatch
from benchmarks.track.topology import RAW
from infra.local.host.connection import client_factory, open_receiver
from infra.local.host.triggers import ServiceBusTrigger
from shared.ledger.sql import load_queries

statements = load_queries(__package__, "raw.sql")
SUBSCRIPTIONS = tuple(action.subscription for action in RUNBOOK.actions())


class RawTrack:
    """One receiver, one sender and one session with the database for each hop of the chain."""

    def __init__(self, bus: str, dsn: str, stopwatch: Stopwatch) -> None:
        self._bus = bus
        self._dsn = dsn
        self._stopwatch = stopwatch
        self._stopping = Event()

    @contextmanager
    def open(self) -> Iterator[None]:
        """Listen on all subscriptions while the block runs."""
        ready = [Event() for _ in SUBSCRIPTIONS]
        threads = [Thread(target=self._serve, args=(i, ready[i])) for i in range(len(ready))]
        for thread in threads:
            thread.start()
        try:
            if not all(event.wait(20) for event in ready):
                raise TimeoutError("a receiver of the raw track did not connect within 20 s")
            yield
        finally:
            self._stopping.set()
            for thread in threads:
                thread.join()

    def _serve(self, number: int, ready: Event) -> None:
        trigger = ServiceBusTrigger("bus", RAW, SUBSCRIPTIONS[number])
        connect = client_factory("bus", {"bus": self._bus})
        following = SUBSCRIPTIONS[number + 1 : number + 2]
        with (
            open_receiver(connect, trigger, 0) as receiver,
            ServiceBusClient.from_connection_string(self._bus) as client,
            client.get_topic_sender(RAW) as sender,
            psycopg.connect(self._dsn) as conn,
        ):
            ready.set()
            self._hop(receiver, sender.send_messages, conn, following)

    def _hop(
        self,
        receiver: ServiceBusReceiver,
        send: Callable[[ServiceBusMessage], None],
        conn: psycopg.Connection,
        following: Sequence[str],
    ) -> None:
        while not self._stopping.is_set():
            for message in receiver:
                with self._stopwatch.timing(last=not following):
                    asked = json.loads(str(message))
                    facts = begin(conn, asked)
                    for outgoing in finish(conn, asked, facts, following):
                        send(outgoing)
                receiver.complete_message(message)


def begin(conn: psycopg.Connection, asked: dict[str, Any]) -> dict[str, Any]:
    """The first transaction: lock, lease, open an attempt. Two round trips."""
    now = datetime.now(UTC)
    facts = {"run": UUID(asked["run"]), "lease": uuid4(), "now": now}
    with conn.pipeline():
        row = conn.execute(
            statements["lock"], {"run": facts["run"], "step": asked["step"]}
        ).fetchone()
        assert row is not None
        facts |= {"position": row[0], "input": row[1], "epoch": row[5]}
        conn.execute(statements["lease"], facts | {"until": now + timedelta(seconds=60)})
        conn.commit()
    return facts


def finish(
    conn: psycopg.Connection,
    asked: dict[str, Any],
    facts: dict[str, Any],
    following: Sequence[str],
) -> list[ServiceBusMessage]:
    """The second transaction: lock, record the outcome, ready and queue what follows."""
    signals = [*facts["input"].get("signals", ()), asked["step"]]
    output = Jsonb({"train": facts["input"]["train"], "signals": signals})
    values = facts | {"now": datetime.now(UTC), "output": output}
    sent = []
    with conn.pipeline():
        row = conn.execute(
            statements["lock"], {"run": facts["run"], "step": asked["step"]}
        ).fetchone()
        assert row is not None
        conn.execute(statements["end"], values)
        conn.execute(
            statements["audit"], values | {"facts": Jsonb({"step": asked["step"], "attempt": 1})}
        )
        for subject in following:
            body = asked | {"step": subject.replace("-", "_")}
            id = f"{asked['run']}:{body['step']}:1"
            queued = {"id": id, "topic": RAW, "subject": subject, "body": Jsonb(body)}
            conn.execute(statements["ready"], values)
            conn.execute(statements["queue"], values | queued)
            sent.append(ServiceBusMessage(json.dumps(body), message_id=id, subject=subject))
        conn.commit()
    return sent
