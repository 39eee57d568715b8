"""Who may sleep: environments without real data, of the estate or on request, and when they do."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.errors import PermanentError
from shared.estate import Environment, Estate, Schedule
from shared.ledger import Transaction
from shared.ledger.environments import OnRequest, current, not_over

AWAKE_FOR = timedelta(hours=4)
"""How long an environment is awake whose waker says nothing, and each at first that is opened."""


class NeverSleeps(PermanentError):
    """The environment holds real data: it is not put to sleep, whoever asks."""


class NotOpen(PermanentError):
    """The environment on request is being made or removed, or its time is over: hands off."""


@dataclass(frozen=True)
class Sleeper:
    """An environment that may sleep."""

    place: Environment
    key: str
    """What is known of it is kept under its name; on request under the run that made it, so that a
    later one of the same name knows nothing of it."""
    schedule: Schedule | None
    """What it follows."""
    awake_at_first: datetime | None = None
    """Until then nothing but a person puts it to sleep: somebody waited for it."""


def sleepers_of(estate: Estate) -> Iterator[Sleeper]:
    """Those of the estate, in the file's order."""
    for each in estate.environments:
        if not each.environment_class.holds_real_data:
            yield Sleeper(each, each.name, estate.schedule_of(each.name))


def all_sleepers(estate: Estate, tx: Transaction) -> Iterator[Sleeper]:
    """Those of the estate; then those on request, by name."""
    yield from sleepers_of(estate)
    for each in current(tx):
        if each.status == "open" and each.expires_at > tx.now:
            yield _on_request(estate, each)


def sleeper_named(estate: Estate, tx: Transaction, name: str) -> Sleeper:
    """The environment of this name; one on request is not removed while the transaction lasts.

    Raises UnknownEnvironment, NeverSleeps, NotOpen.
    """
    asked = not_over(tx, name)
    if asked is None:
        found = refuse_real_data(estate.environment(name))
        return Sleeper(found, name, estate.schedule_of(name))
    if asked.status != "open":
        raise NotOpen(f"{name} is {asked.status}: only what is open sleeps and wakes")
    if asked.expires_at <= tx.now:
        raise NotOpen(f"{name} was to end at {asked.expires_at:%F %T} UTC: extend it first")
    return _on_request(estate, asked)


def refuse_real_data(environment: Environment) -> Environment:
    """Raise NeverSleeps for production and its standbys."""
    if environment.environment_class.holds_real_data:
        raise NeverSleeps(
            f"{environment.name} is of class {environment.environment_class}: it never sleeps; "
            "name an environment without real data"
        )
    return environment


def _on_request(estate: Estate, asked: OnRequest) -> Sleeper:
    """By the hours that its offer has today; without the offer it has none."""
    awake = next((each.awake for each in estate.offers if each.name == asked.offer), None)
    schedule = Schedule(name=asked.offer, awake=awake) if awake else None
    opened = asked.opened_at or asked.requested_at
    return Sleeper(asked.place, str(asked.id), schedule, opened + AWAKE_FOR)
