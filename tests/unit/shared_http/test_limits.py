from datetime import timedelta

from shared.limits import MANY, RateLimit


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_caller_may_ask_as_often_as_the_limit_says_and_again_after_a_while() -> None:
    clock = Clock()
    limit = RateLimit(3, timedelta(minutes=1), clock=clock)

    at_once = [limit.admits("ann") for _ in range(4)]
    clock.now = 21
    later = [limit.admits("ann") for _ in range(2)]

    assert at_once == [True, True, True, False]
    assert later == [True, False]


def test_who_asks_too_often_takes_nothing_from_others() -> None:
    limit = RateLimit(1, timedelta(minutes=1))

    assert [limit.admits(who) for who in ("ann", "ann", "ben")] == [True, False, True]


def test_many_callers_do_not_fill_the_memory() -> None:
    limit = RateLimit(1, timedelta(minutes=1), clock=Clock())
    limit.admits("ann")

    for number in range(MANY):
        limit.admits(str(number))

    assert limit.admits("ann"), "forgotten, so let in anew"
    assert not limit.admits(str(MANY - 1)), "remembered"
