"""Ways from a lost primary, or from a planned change, to the first write on the other server.

Each returns the seconds in which nobody could write, from the order on: who noticed that the
primary is lost, and how long that took, is not in it.
"""

import time
from collections.abc import Callable
from contextlib import suppress

import psycopg

from benchmarks.pair.servers import DATABASE, SIDES, Pair
from shared.postgres.fencing import FenceUnreachable, admit, fence, prove_fenced
from shared.postgres.promotion import PlainPostgres, Promotion, PromotionOrder

Way = Callable[[Pair], float]


def bare_waiting(pair: Pair) -> float:
    """``pg_promote()`` as everybody calls it, then the first write."""
    return _bare(pair, "select pg_promote()")


def bare(pair: Pair) -> float:
    """``pg_promote(wait => false)`` and writing until it works: nothing can be faster."""
    return _bare(pair, "select pg_promote(wait => false)")


def mechanics(pair: Pair) -> float:
    """The primary is dead: try to fence it, promote, admit, first write."""
    pair.primary.kill()
    begun = time.perf_counter()
    with suppress(FenceUnreachable):
        fence(pair.primary.dsn(), DATABASE, side=SIDES[0], epoch=1, run_id="benchmark")
    _promote(pair, PromotionOrder(DATABASE, 1, "benchmark"))
    pair.write_until_it_works(pair.standby)
    return time.perf_counter() - begun


def bare_planned(pair: Pair) -> float:
    """The primary is shut down in good order, ``pg_promote(wait => false)``, first write."""
    begun = time.perf_counter()
    pair.primary.stop()
    with psycopg.connect(pair.standby.dsn(), autocommit=True) as connection:
        connection.execute("select pg_promote(wait => false)")
    pair.write_until_it_works(pair.standby)
    return time.perf_counter() - begun


def mechanics_planned(pair: Pair) -> float:
    """The primary is alive: fence, prove it from outside, promote without loss, first write."""
    begun = time.perf_counter()
    fenced = fence(pair.primary.dsn(), DATABASE, side=SIDES[0], epoch=1, run_id="benchmark")
    if not prove_fenced(pair.primary.dsn(DATABASE, "odoo")).proven:
        raise RuntimeError("The fence let a write through: what is measured here is not ours.")
    _promote(pair, PromotionOrder(DATABASE, 1, "benchmark", fenced.lsn, fenced.system_identifier))
    pair.write_until_it_works(pair.standby)
    return time.perf_counter() - begun


def _bare(pair: Pair, statement: str) -> float:
    pair.primary.kill()
    begun = time.perf_counter()
    with psycopg.connect(pair.standby.dsn(), autocommit=True) as connection:
        connection.execute(statement)
    pair.write_until_it_works(pair.standby)
    return time.perf_counter() - begun


def _promote(pair: Pair, order: PromotionOrder) -> None:
    promoter = PlainPostgres(pair.standby.dsn())
    while not isinstance(promoter.promote(order), Promotion):
        pass
    admit(pair.standby.dsn(), DATABASE, side=SIDES[1], epoch=1, run_id="benchmark")
