"""Rejoin: the old primary comes back as a standby, and nobody writes to it on the way."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest

from infra.local.hooks import RejoinHooks
from infra.local.postgres import PostgresFailed, PostgresServer
from shared.postgres.fencing import admit, fence, prove_fenced
from shared.postgres.promotion import PlainPostgres, Promotion, PromotionOrder
from shared.postgres.reach import Unreachable
from shared.postgres.rejoin import (
    HookOutOfReach,
    NotFencedYet,
    Rejoined,
    RejoinFailed,
    RejoinHook,
    RejoinOrder,
    RejoinPending,
    rejoined,
)
from tests.integration.failover_postgres.conftest import Pair, until

ORDER = RejoinOrder("erp-prod", "erp-standby", 5, "run-1")


def lose_the_primary(pair: Pair) -> None:
    """The primary dies with an order that the standby never saw; the standby takes over."""
    pair.order(1)
    pair.catch_up()
    pair.wire.cut()
    pair.order(2)
    pair.primary.kill()
    assert isinstance(
        PlainPostgres(pair.standby.dsn()).promote(PromotionOrder(pair.database, 5, "run-1")),
        Promotion,
    )
    admit(pair.standby.dsn(), pair.database, side="acme-standby", epoch=5, run_id="run-1")
    pair.order(3, on=pair.standby)


@contextmanager
def writing(dsn: str) -> Iterator[list[str]]:
    """Somebody who tries to write all the time; collects how the attempts that count went."""
    attempts: list[str] = []
    over = threading.Event()

    def write() -> None:
        while not over.is_set():
            try:
                with psycopg.connect(dsn, connect_timeout=2) as connection:
                    connection.execute("insert into orders values (99)")
                attempts.append("written")
            except psycopg.Error as error:
                attempts.append(type(error).__name__)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield attempts
    finally:
        over.set()
        writer.join()


def follows(pair: Pair) -> Rejoined:
    """What is found when the old primary follows."""
    found: list[Rejoined] = []

    def look() -> bool:
        said = rejoined(pair.primary.dsn(), pair.standby.dsn())
        found.extend([said] if isinstance(said, Rejoined) else [])
        return bool(found)

    until(look, "the old primary to follow")
    return found[0]


def test_a_rewound_primary_follows_without_what_it_alone_had(pair: Pair) -> None:
    lose_the_primary(pair)

    with writing(pair.odoo(pair.primary)) as attempts:
        how = pair.primary.rejoin(pair.standby)
        found = follows(pair)
        until(lambda: pair.orders(pair.primary) == [1, 3], "the order of after")

    assert how == "rewound"
    assert found.timeline == 2
    assert len(attempts) > 3
    assert "written" not in attempts
    assert prove_fenced(pair.odoo(pair.primary)).how == "write-refused"


def test_a_primary_that_cannot_be_rewound_is_copied_anew(pair: Pair) -> None:
    lose_the_primary(pair)
    for segment in (pair.primary.data / "pg_wal").glob("0*"):
        segment.unlink()

    with writing(pair.odoo(pair.primary)) as attempts:
        how = pair.primary.rejoin(pair.standby)
        follows(pair)

    assert how == "copied"
    assert pair.orders(pair.primary) == [1, 3]
    assert "written" not in attempts


def test_what_an_interrupted_rejoin_left_does_not_start_before_another(pair: Pair) -> None:
    lose_the_primary(pair)
    with pytest.raises(psycopg.OperationalError):
        pair.primary.rejoin(PostgresServer(pair.standby.folder, 1))

    with pytest.raises(PostgresFailed, match="Rejoin it again"):
        pair.primary.start()

    pair.primary.rejoin(pair.standby)
    assert follows(pair).timeline == 2


def test_there_and_back_again_loses_nothing(pair: Pair) -> None:
    lose_the_primary(pair)
    pair.primary.rejoin(pair.standby)
    follows(pair)

    fenced = fence(pair.standby.dsn(), pair.database, side="acme-standby", epoch=6, run_id="run-2")
    back = PlainPostgres(pair.primary.dsn()).promote(
        PromotionOrder(pair.database, 6, "run-2", fenced.lsn, fenced.system_identifier)
    )
    admit(pair.primary.dsn(), pair.database, side="acme-prod", epoch=6, run_id="run-2")

    assert isinstance(back, Promotion)
    assert back.timeline == 3
    assert back.lsn >= fenced.lsn
    assert pair.orders(pair.primary) == [1, 3]
    pair.order(4)
    assert prove_fenced(pair.odoo(pair.standby)).proven
    pair.standby.rejoin(pair.primary)
    until(lambda: pair.orders(pair.standby) == [1, 3, 4], "the first standby to follow again")


def test_an_old_primary_that_leads_is_not_taken_for_a_standby(pair: Pair) -> None:
    lose_the_primary(pair)
    silent = rejoined(pair.primary.dsn(), pair.standby.dsn())
    pair.primary.start()

    with pytest.raises(NotFencedYet):
        rejoined(pair.primary.dsn(), pair.standby.dsn())

    assert isinstance(silent, RejoinPending)


def asked(work: Callable[[str, str], str]) -> Iterator[RejoinPending | None]:
    """What the hook says, look after look, until it is done."""
    with RejoinHooks(work, "token") as hooks:
        hook = RejoinHook(hooks.url)
        while (said := hook.rejoin(ORDER)) is not None:
            yield said
        yield None


def test_the_hook_begins_once_and_tells_when_it_is_done() -> None:
    go, begun = threading.Event(), []

    def work(server: str, primary: str) -> str:
        begun.append((server, primary))
        go.wait(10)
        return "rewound"

    answers = asked(work)
    first, second = next(answers), next(answers)
    go.set()
    last = list(answers)[-1]

    assert isinstance(first, RejoinPending)
    assert isinstance(second, RejoinPending)
    assert last is None
    assert begun == [("erp-prod", "erp-standby")]


def test_a_hook_that_fails_says_why() -> None:
    def work(_server: str, _primary: str) -> str:
        raise PostgresFailed("pg_basebackup failed: no space left")

    with pytest.raises(RejoinFailed, match="no space left"):
        list(asked(work))


def test_a_hook_that_is_not_there_or_not_ours_is_tried_again() -> None:
    with RejoinHooks(lambda *_: "rewound", "a-token-of-ours") as hooks:
        stranger = RejoinHook(hooks.url + "x")
        with pytest.raises(HookOutOfReach, match="HTTP 404") as refused:
            stranger.rejoin(ORDER)
        url = hooks.url
    with pytest.raises(HookOutOfReach):
        RejoinHook(url).rejoin(ORDER)
    with pytest.raises(HookOutOfReach) as unusable:
        RejoinHook(f"hooks.acme.example/{url.rpartition('/')[2]}").rejoin(ORDER)

    assert url.rpartition("/")[2] not in f"{refused.value} {unusable.value}"


def test_a_new_primary_that_is_silent_is_no_proof_of_anything(standing: Pair) -> None:
    standing.primary.kill()

    with pytest.raises(Unreachable):
        rejoined(standing.standby.dsn(), standing.primary.dsn())
