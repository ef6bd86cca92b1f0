"""Delivers what is due: one thread keeps the books, a crew of threads talks to the marketplace."""

from __future__ import annotations

import logging
import os
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import lru_cache
from queue import Empty, SimpleQueue

from django.conf import settings

from sellers.marketplace.claiming import claim_due
from sellers.marketplace.delivering import Clock, deliver
from sellers.marketplace.judging import Deferred, Trial
from sellers.marketplace.models import OutboxMessage
from sellers.marketplace.settling import settle_all

logger = logging.getLogger(__name__)

Ended = tuple[OutboxMessage, Trial | Deferred | None]
Finished = SimpleQueue[Ended]

#: While slow calls are under way, look this often for what became due meanwhile.
_LOOK_AGAIN_SECONDS = 0.5
#: Claiming and writing down cost a fraction in lots; a lot is full, or nothing ends for a moment.
_LOT = 16
_TOGETHER_SECONDS = 0.01
#: Claimed beyond what the crew works on, so that it never waits for the books.
_AHEAD = 2 * _LOT


def drain(*, clock: Clock, budget_seconds: float) -> int:
    """Claim and deliver until nothing is due or the budget is spent; how many were tried.

    Only this thread touches the database, so that a worker needs one connection; what is under way
    when the budget ends is waited for and settled.
    """
    ends, tried, under_way = time.monotonic() + budget_seconds, 0, 0
    finished: Finished = SimpleQueue()
    while True:
        if time.monotonic() < ends:
            under_way += _take_on(finished, clock, under_way=under_way)
        if not under_way:
            return tried
        ended = _collect(finished, at_most=min(under_way, _LOT))
        under_way -= len(ended)
        tried += _write_down(ended, clock)


def _take_on(finished: Finished, clock: Clock, *, under_way: int) -> int:
    """Claim for the crew and a little ahead; how many."""
    crew = settings.OUTBOUND_CONCURRENCY
    free = crew + _AHEAD - under_way
    if free < _LOT:
        return 0
    claimed = claim_due(now=clock(), limit=free)
    for message in claimed:
        _crew(os.getpid(), crew).submit(_deliver, message, clock, finished)
    return len(claimed)


def _deliver(message: OutboxMessage, clock: Clock, finished: Finished) -> None:
    """In a thread of the crew. A fault of ours leaves the message leased, and it is looked up
    before the next try."""
    result = None
    try:
        result = deliver(message, clock=clock)
    except Exception:
        logger.exception("outbox message %s could not be delivered", message.pk)
    finally:
        finished.put((message, result))


def _collect(finished: Finished, *, at_most: int) -> list[Ended]:
    """What has ended, once something has, or nothing after a while."""
    ended: list[Ended] = []
    patience = _LOOK_AGAIN_SECONDS
    with suppress(Empty):
        while len(ended) < at_most:
            ended.append(finished.get(timeout=patience))
            patience = _TOGETHER_SECONDS
    return ended


def _write_down(ended: list[Ended], clock: Clock) -> int:
    """How many were tried; what was only put off does not count."""
    results = [(message, result) for message, result in ended if result is not None]
    if results:
        settle_all(results, now=clock())
    return sum(isinstance(result, Trial) for _message, result in results)


@lru_cache(maxsize=1)
def _crew(process: int, size: int) -> ThreadPoolExecutor:
    """Threads that outlive a run, and with them their connections; never shared across a fork."""
    return ThreadPoolExecutor(max_workers=size, thread_name_prefix=f"outbound-{process}")
