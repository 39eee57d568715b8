"""What happens in a simulated estate: events of every kind, twice, at once, in two environments."""

from random import Random

from psycopg import Connection
from psycopg_pool import ConnectionPool

from tests.simulation.track import Claimed, Collided, Shunted, Slotted
from tests.simulation.world import World

Kind = Shunted | Collided | Claimed | Slotted

TABLES = (
    "events, runs, steps, attempts, outbox, parked, audit, evidence, interlocks,"
    " approvals, decisions"
)


def play(
    pool: ConnectionPool[Connection],
    seed: int,
    kinds: tuple[type[Kind], ...] = (Shunted, Collided, Claimed),
) -> World:
    """A random story; raises AssertionError with the seed when a promise is broken."""
    world = _fresh(pool, seed)
    chance = Random(~seed)
    published: dict[str, str] = {}
    for number in range(chance.randint(1, 5)):
        kind = chance.choices(kinds, (10, 4, 3))[0]
        mood = chance.choice(("fine", "fine", "shaky", "doomed"))
        event = kind(environment=chance.choice(("north", "south")), mood=mood)
        for _ in range(chance.choice((1, 1, 2))):
            world.publish(event, f"event-{number}")
        published[f"event-{number}"] = mood
    return _played(world, published, f"seed {seed}")


def play_crash(
    pool: ConnectionPool[Connection],
    mood: str,
    crash_at: int | None,
    kind: type[Shunted | Claimed] = Shunted,
) -> World:
    """One run on a peaceful bus that crashes once, at the given point."""
    world = _fresh(pool, 1, hostility=0.0, crashes=0.0, crash_at=crash_at)
    world.publish(kind(environment="north", mood=mood), "event-0")
    return _played(world, {"event-0": mood}, f"{mood} {kind.type}, crash at point {crash_at}")


def _fresh(pool: ConnectionPool[Connection], seed: int, **options: float | int | None) -> World:
    world = World(pool, seed, **options)  # type: ignore[arg-type]
    world.books.counts()
    with pool.connection() as conn:
        conn.execute(f"truncate {TABLES}")
    return world


def _played(world: World, published: dict[str, str], name: str) -> World:
    world.run()
    if broken := world.broken_promises(published):
        story = "\n".join(world.scheduler.trace[-400:])
        raise AssertionError(f"{name}: " + "; ".join(broken) + f"\n{story}")
    return world
