"""What a broker still knows after it was stopped, killed or given another topology."""

import json

import pytest

from infra.local.bus.amqp import codec
from infra.local.bus.amqp.message import WireContent, contents_of
from infra.local.bus.entities.errors import EntityNotFound
from infra.local.bus.entities.message import State
from infra.local.bus.entities.namespace import Namespace
from infra.local.bus.store import Store, StoreBusy
from infra.local.bus.topology import Topology

from .conftest import Receiver
from .test_topology import TOPOLOGY

NOW = 1_000_000


def wire(
    body: str, *, session: str | None = None, due: int | None = None, name: str | None = None
) -> WireContent:
    properties = [codec.string(name or body), *[codec.NULL] * 9]
    properties.append(codec.NULL if session is None else codec.string(session))
    annotations = [codec.symbol("x-opt-scheduled-enqueue-time"), codec.timestamp(due or 0)]
    encoded = (
        codec.described(0x72, codec.map_of_pairs(annotations if due else []))
        + codec.described(0x73, codec.list_of(properties))
        + codec.described(0x75, codec.binary(body.encode()))
    )
    (content,) = contents_of(encoded, None)
    return content


class Life:
    """One run of a broker on a store."""

    def __init__(self, path, topology=TOPOLOGY):
        self.time = NOW
        self.store = Store(path)
        self.namespace = Namespace(lambda: self.time, self.store)
        Topology.read(topology).build(self.namespace)
        self.store.restore(self.namespace, WireContent)

    def queue(self, path="orders"):
        return self.namespace.queue(path)

    def receive(self, path="orders"):
        receiver = Receiver()
        self.queue(path).attach(receiver)
        self.queue(path).credit_changed(receiver)
        self.queue(path).detach(receiver)
        return receiver.received

    def end(self):
        self.store.commit()
        self.store.close()


@pytest.fixture
def begin(tmp_path):
    lives = []

    def begin(topology=TOPOLOGY):
        lives.append(Life(tmp_path / "bus.sqlite3", topology))
        return lives[-1]

    yield begin
    for life in lives:
        life.store.close()


def ids(messages):
    return [message.content.properties.message_id for message in messages]


def test_waiting_messages_come_back_in_order_and_numbers_go_on(begin):
    life = begin()
    life.queue().send([wire("a"), wire("b"), wire("c")])
    life.queue().complete(life.receive()[2].token)
    life.queue().expire_locks()
    life.end()

    life = begin()
    life.queue().send([wire("d")])

    found = life.receive()
    assert ids(found) == ["a", "b", "d"]
    assert [message.sequence for message in found] == [1, 2, 4]
    assert [message.delivery_count for message in found] == [1, 1, 0]


def test_a_lock_survives_with_its_token_and_its_end(begin):
    life = begin()
    life.queue().send([wire("a"), wire("b")])
    first, second = life.receive()
    life.end()

    life = begin()
    life.queue().complete(first.token)
    before = life.receive()
    life.time = second.locked_until
    life.namespace.agenda.run(life.time)

    assert before == []
    assert ids(life.receive()) == ["b"]


def test_scheduled_deferred_and_dead_messages_stay_what_they_were(begin):
    life = begin()
    life.queue().send([wire("deferred"), wire("dead"), wire("later", due=NOW + 500)])
    deferred, dead = life.receive()
    life.queue().defer(deferred.token)
    life.queue().dead_letter(dead.token, "bad", "very")
    life.end()

    life = begin()

    states = {ids([m])[0]: m.state for m in life.queue().peek(0, 9)}
    assert states == {"deferred": State.DEFERRED, "later": State.SCHEDULED}
    (dead,) = life.queue("orders/$DeadLetterQueue").peek(0, 9)
    assert (dead.dead_letter.reason, dead.dead_letter.description) == ("bad", "very")
    life.time += 500
    life.namespace.agenda.run(life.time)
    assert ids(life.receive()) == ["later"]


def test_duplicates_are_remembered_for_their_window_only(begin):
    life = begin()
    life.queue().send([wire("a", name="x")])
    life.end()

    life = begin()
    life.queue().send([wire("b", name="x")])
    life.time += 600_000
    life.queue().send([wire("c", name="x")])

    assert len(life.queue().messages) == 2


def test_sessions_keep_their_state_and_lose_their_holder(begin):
    life = begin()
    life.queue("talks").send([wire("a", session="A")])
    life.queue("talks").accept(Receiver(), "A")
    life.queue("talks").set_session_state("A", b"cursor")
    life.end()

    life = begin()
    receiver = Receiver()
    life.queue("talks").accept(receiver, "A")
    life.queue("talks").credit_changed(receiver)

    assert life.queue("talks").session_state("A") == b"cursor"
    assert ids(receiver.received) == ["a"]


def test_what_was_not_committed_never_happened(begin):
    life = begin()
    life.queue().send([wire("a")])
    life.store.commit()
    life.queue().send([wire("b")])
    life.store.close()

    assert ids(begin().receive()) == ["a"]


def test_a_message_that_came_and_went_within_a_turn_is_not_written(begin):
    life = begin()
    life.queue().send([wire("a")])
    life.queue().complete(life.receive()[0].token)
    life.end()

    assert begin().receive() == []


def test_a_new_topology_adds_entities_and_keeps_what_is_in_the_others(begin, tmp_path):
    life = begin()
    life.queue().send([wire("a")])
    life.queue("talks").send([wire("b", session="A")])
    life.end()
    namespace = {"Name": "n", "Queues": [{"Name": "orders"}, {"Name": "new"}]}
    changed = tmp_path / "changed.json"
    changed.write_text(json.dumps({"UserConfig": {"Namespaces": [namespace]}}))

    life = begin(changed)
    life.queue("new").send([wire("c")])
    assert ids(life.receive()) == ["a"]
    assert ids(life.receive("new")) == ["c"]
    with pytest.raises(EntityNotFound):
        life.queue("talks")
    life.end()

    life = begin()
    assert ids(life.queue("talks").peek(0, 9)) == ["b"]


def test_a_folder_serves_one_broker_at_a_time(begin):
    begin()

    with pytest.raises(StoreBusy, match="another broker"):
        begin()
