"""Redis as the workers' common notice board: rates, circuits, nudges. Nothing in it is precious."""

from __future__ import annotations

from functools import lru_cache

from django.conf import settings
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

#: What a caller of this module must expect and survive.
Unreachable = (RedisError, OSError)
_PATIENCE_SECONDS = 0.5


def board() -> Redis:
    """The shared Redis. Answers or fails within half a second: callers go on without it."""
    return _connect(settings.REDIS_URL.replace("redis+socket://", "unix://"))


@lru_cache(maxsize=4)
def _connect(url: str) -> Redis:
    return Redis.from_url(
        url,
        decode_responses=True,
        socket_connect_timeout=_PATIENCE_SECONDS,
        socket_timeout=_PATIENCE_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
