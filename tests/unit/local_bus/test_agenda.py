"""Deadlines in order, each at most once."""

from infra.local.bus.entities.agenda import Agenda


def test_what_is_due_happens_in_order_and_once():
    agenda, done = Agenda(), []
    for due, key in ((30, "c"), (10, "a"), (20, "b")):
        agenda.set(due, done.append, key)

    agenda.run(20)
    agenda.run(20)

    assert done == ["a", "b"]
    assert agenda.next_due() == 30


def test_a_deadline_can_move_either_way():
    agenda, done = Agenda(), []
    agenda.set(10, done.append, "later")
    agenda.set(50, done.append, "later")
    agenda.set(50, done.append, "sooner")
    agenda.set(5, done.append, "sooner")

    agenda.run(10)

    assert done == ["sooner"]
    assert agenda.next_due() == 50


def test_a_discarded_deadline_does_not_happen():
    agenda, done = Agenda(), []
    agenda.set(10, done.append, "a")

    agenda.discard(done.append, "a")
    agenda.discard(done.append, "never set")
    agenda.run(10)

    assert done == []
    assert agenda.next_due() is None
