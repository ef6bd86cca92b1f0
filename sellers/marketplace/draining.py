"""Delivers what is due: one thread keeps the books, a crew of threads talks to the marketplace."""

from __future__ import annotations

import logging
import os
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import lru_cache

from django.conf import settings
from django.db import transaction

from sellers.marketplace.claiming import claim_due
from sellers.marketplace.delivering import Clock, Deferred, deliver, settle
from sellers.marketplace.judging import Trial
from sellers.marketplace.models import OutboxMessage

logger = logging.getLogger(__name__)

Running = dict["Future[Trial | Deferred]", OutboxMessage]
#: While slow calls are under way, look this often for what became due meanwhile.
_LOOK_AGAIN_SECONDS = 0.5


def drain(*, clock: Clock, budget_seconds: float) -> int:
    """Claim and deliver until nothing is due or the budget is spent; how many were tried.

    Only this thread touches the database, so that a worker needs one connection; what is under way
    when the budget ends is waited for and settled.
    """
    ends, tried, running = time.monotonic() + budget_seconds, 0, Running()
    while True:
        if time.monotonic() < ends:
            _take_on(running, clock)
        if not running:
            return tried
        done, _ = wait(running, timeout=_LOOK_AGAIN_SECONDS, return_when=FIRST_COMPLETED)
        # One commit for all that ended meanwhile. If it fails they stay leased, and are in doubt.
        with transaction.atomic():
            for future in done:
                tried += _finish(running.pop(future), future, clock)


def _take_on(running: Running, clock: Clock) -> None:
    free = settings.OUTBOUND_CONCURRENCY - len(running)
    if free > 0:
        crew = _crew(os.getpid(), settings.OUTBOUND_CONCURRENCY)
        for message in claim_due(now=clock(), limit=free):
            running[crew.submit(deliver, message, clock=clock)] = message


def _finish(message: OutboxMessage, future: Future[Trial | Deferred], clock: Clock) -> int:
    """Settle one; a fault of ours leaves it leased, and it is looked up before the next try."""
    try:
        result = future.result()
    except Exception:
        logger.exception("outbox message %s could not be delivered", message.pk)
        return 0
    settle(message, result, now=clock())
    return int(isinstance(result, Trial))


@lru_cache(maxsize=1)
def _crew(process: int, size: int) -> ThreadPoolExecutor:
    """Threads that outlive a run, and with them their connections; never shared across a fork."""
    return ThreadPoolExecutor(max_workers=size, thread_name_prefix=f"outbound-{process}")
