"""Users' sessions: what they were doing on the old side must not go on on the new one."""

from importlib import import_module

from shared.errors import TemporaryError


class SessionsOutOfReach(TemporaryError):
    """The Redis with the users' sessions does not answer."""


def end_sessions(url: str) -> int:
    """Empty the Redis database that a URL names; returns how many keys it had.

    The client is imported when there is a Redis: it takes a tenth of the app's start.

    Raises SessionsOutOfReach.
    """
    return int(import_module("functions.failover.redis_sessions").end_sessions(url))
