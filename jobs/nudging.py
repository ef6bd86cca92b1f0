"""Tells a worker that something waits. Beat finds it anyway, seconds later."""

from __future__ import annotations

import logging

from celery import current_app
from django.conf import settings
from kombu.exceptions import OperationalError
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

logger = logging.getLogger(__name__)

WORK = "jobs.tasks.work"
_NUDGED = "portal:jobs:nudged"
_PATIENCE_SECONDS = 0.5


def nudge() -> None:
    """Ask for a run now, unless one is already asked for. Never fails, never waits long."""
    try:
        # Redis answers or fails at once here, where Celery's own client would try for seconds.
        if _board().set(_NUDGED, 1, nx=True, px=1000):
            current_app.send_task(WORK, retry=False, expires=60, ignore_result=True)
    except (RedisError, OSError, OperationalError) as error:
        logger.warning("No broker to nudge (%s); beat will do.", type(error).__name__)


def nudge_received() -> None:
    """A run has begun: what is asked for from here on needs a nudge of its own."""
    try:
        _board().delete(_NUDGED)
    except (RedisError, OSError):
        logger.debug("The pending nudge could not be cleared; it expires by itself.")


def _board() -> Redis:
    return Redis.from_url(
        settings.REDIS_URL.replace("redis+socket://", "unix://"),
        socket_connect_timeout=_PATIENCE_SECONDS,
        socket_timeout=_PATIENCE_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
