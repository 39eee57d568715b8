"""A runbook of five steps that do nothing: whatever a hop costs, the engine and the bus cost."""

from typing import ClassVar

from shared.messages import Event, Message
from shared.runs import Run, Runbook, Step


class TrainAnnounced(Event):
    """A train is due."""

    type: ClassVar[str] = "train-announced"
    train: str


class TrainPassed(Message):
    """What the steps hand on: about as many bytes as those of a refresh."""

    train: str
    signals: tuple[str, ...] = ()


def offer_train(event: TrainAnnounced, *, run: Run) -> TrainPassed:
    return TrainPassed(train=event.train, signals=(run.step,))


def accept_train(facts: TrainPassed, *, run: Run) -> TrainPassed:
    return TrainPassed(train=facts.train, signals=(*facts.signals, run.step))


def set_points(facts: TrainPassed, *, run: Run) -> TrainPassed:
    return TrainPassed(train=facts.train, signals=(*facts.signals, run.step))


def clear_signal(facts: TrainPassed, *, run: Run) -> TrainPassed:
    return TrainPassed(train=facts.train, signals=(*facts.signals, run.step))


def close_section(facts: TrainPassed, *, run: Run) -> TrainPassed:
    return TrainPassed(train=facts.train, signals=(*facts.signals, run.step))


RUNBOOK = Runbook(
    name="track",
    on=TrainAnnounced,
    concerns=lambda event, _: (event.environment,),
    coalesce=lambda event: event.train,
    steps=(
        Step(offer_train),
        Step(accept_train),
        Step(set_points),
        Step(clear_signal),
        Step(close_section),
    ),
)
