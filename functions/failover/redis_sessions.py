"""Users' sessions in Redis, spoken to by its own client."""

from redis import Redis
from redis.exceptions import RedisError

from functions.failover.sessions import SessionsOutOfReach

PATIENCE_SECONDS = 2.0


def end_sessions(url: str) -> int:
    """As ``functions.failover.sessions.end_sessions`` says."""
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
