"""Users' sessions in Redis: what they were doing on the old side must not go on on the new one."""

from redis import Redis
from redis.exceptions import RedisError

from shared.errors import TemporaryError

PATIENCE_SECONDS = 2.0


class SessionsOutOfReach(TemporaryError):
    """The Redis with the users' sessions does not answer."""


def end_sessions(url: str) -> int:
    """Empty the Redis database that a URL names; returns how many keys it had.

    Raises SessionsOutOfReach.
    """
    try:
        with Redis.from_url(
            url, socket_timeout=PATIENCE_SECONDS, socket_connect_timeout=PATIENCE_SECONDS
        ) as redis:
            keys = int(redis.dbsize())
            redis.flushdb()
            return keys
    except (RedisError, ValueError) as error:
        # Its own text can quote the URL, which has a password.
        raise SessionsOutOfReach(
            f"sessions in Redis could not be ended: {type(error).__name__}"
        ) from None
