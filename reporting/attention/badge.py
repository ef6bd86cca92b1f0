"""How much waits, for the menu: asked of the database now and then, not with every page."""

from __future__ import annotations

import logging
from hashlib import sha256

from django.core.cache import cache
from django.utils import timezone
from redis.exceptions import RedisError

from reporting.attention.causes import seen_by
from reporting.attention.inbox import collect, told_count
from sellers.models import User

logger = logging.getLogger(__name__)

#: Beyond it nobody reads the number.
MOST = 99
SECONDS = 20


def waiting(user: User) -> str:
    """The count of open matters `user` may see; empty when there is none, or Redis is away."""
    causes = seen_by(user.has_perm)
    if not causes:
        return ""
    try:
        known: str | None = cache.get(_key(causes))
        if known is None:
            known = _count(causes)
            cache.set(_key(causes), known, SECONDS)
    except RedisError:
        logger.warning("The count of what needs attention is left out: Redis does not answer.")
        return ""
    return known


def forget(user: User) -> None:
    """Something was settled: whoever sees the same matters is told the new count at once."""
    try:
        cache.delete(_key(seen_by(user.has_perm)))
    except RedisError:
        logger.warning("An old count of what needs attention is shown for a moment.")


def _key(causes: frozenset[str]) -> str:
    return f"attention:{sha256(' '.join(sorted(causes)).encode()).hexdigest()[:16]}"


def _count(causes: frozenset[str]) -> str:
    count = len(collect(causes, now=timezone.now()))
    return told_count(count, most=MOST) if count else ""
