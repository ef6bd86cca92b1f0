"""What a request leaves behind for staff to look at: a count always, itself if it disappoints.

Called after the answer is ready, in the request's own thread: it only appends to a bounded list.
`simulation.recording` writes it down from a thread of its own. Nothing here waits or raises.
"""

from __future__ import annotations

import logging
import random
import time
from collections import deque
from datetime import datetime
from typing import NamedTuple

from django.conf import settings

from simulation.notes import REFUSALS
from simulation.tallying import Tallier
from simulation.types import Cart, Simulation, Snapshot

logger = logging.getLogger(__name__)

#: Answers that wait to be written, in each process; more are dropped, and counted as dropped.
MOST_WAITING = 500
#: Samples are only taken while fewer than this many answers wait.
MOST_SAMPLED = 5


class Seen:
    """What became known of one request on its way to the answer."""

    __slots__ = ("cart", "code", "simulation", "snapshot", "started_ns")

    def __init__(self) -> None:
        self.started_ns = time.perf_counter_ns()
        self.cart: Cart | None = None
        self.snapshot: Snapshot | None = None
        self.simulation: Simulation | None = None
        self.code = ""


class Kept(NamedTuple):
    """An answer on its way to the table; `causes` by the position of the line, -1 for the call."""

    endpoint_key: str
    at: datetime
    status: int
    took_us: int
    causes: dict[int, str]
    cart: Cart | None
    snapshot: Snapshot | None
    body: bytes


tallier = Tallier()
waiting: deque[Kept] = deque()


def record(endpoint_key: str, *, now: datetime, status: int, body: bytes, seen: Seen) -> None:
    """Count the call; keep the answer if something could not be sold, or it is in the sample."""
    try:
        took_us = (time.perf_counter_ns() - seen.started_ns) // 1_000
        causes = _causes(seen)
        tallier.count(
            endpoint_key, now, status=status, took_us=took_us, causes=tuple(causes.values())
        )
        if causes or _is_sampled():
            kept = Kept(endpoint_key, now, status, took_us, causes, seen.cart, seen.snapshot, body)
            _keep(kept)
    except Exception:
        logger.exception("A simulation could not be recorded.")


def _is_sampled() -> bool:
    """A share of the answers, but few at once: to keep one takes as long as to answer ten."""
    share: float = settings.SIMULATION_CAPTURE_SAMPLE
    return len(waiting) < MOST_SAMPLED and random.random() < share  # noqa: S311  # no secret


def _causes(seen: Seen) -> dict[int, str]:
    if seen.simulation is None or seen.code:
        return {-1: seen.code}
    return shortfalls(seen.simulation)


def shortfalls(simulation: Simulation) -> dict[int, str]:
    """Why lines of the cart can't be had in full, by their position; empty when all can."""
    cart = simulation.cart
    causes = {
        each.item: each.code
        for each in simulation.decisions
        if each.item is not None and each.code in REFUSALS
    }
    for item, _offer, quantity, _balance, _by_channel, quotes in simulation.rows:
        if not quantity:
            continue
        if not quotes and cart.postal_code:
            causes[item.position] = "no-delivery"
        elif not quotes and cart.geo_coordinates:
            causes[item.position] = "no-postal-code"
        elif quantity < item.quantity:
            causes[item.position] = "served-in-part"
    return causes


def _keep(kept: Kept) -> None:
    if len(waiting) >= MOST_WAITING:
        tallier.drop(kept.endpoint_key, kept.at)
    else:
        waiting.append(kept)
