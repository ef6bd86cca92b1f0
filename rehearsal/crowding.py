"""The scene of a chaos rehearsal: many orders at once, everything said twice, in bad weather."""

from __future__ import annotations

import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from django.db import connection
from django.utils import timezone

from invoicing import packing
from orders.models import Order
from orders.states import Status
from rehearsal.stage import Json, Stage, require, said

AT_ONCE = 3
LINES = (3, 2)


@dataclass(frozen=True)
class Part:
    """What one order of the crowd goes through, drawn from the seed."""

    cancels: bool
    first_package: tuple[int, ...]
    discount_cents: int


def crowd(stage: Stage, *, orders: int) -> None:
    """Every order ends as it must: invoiced to the cent, tracked and delivered, or cancelled."""
    parts = [_part(stage.chance) for _ in range(orders)]
    with ThreadPoolExecutor(AT_ONCE) as threads:
        ids = list(threads.map(partial(_with_own_connection, stage), parts))
    cancelled = [known for known, part in zip(ids, parts, strict=True) if part.cancels]
    stage.wait(
        lambda: all(_is_over(stage.market.order(known), known in cancelled) for known in ids),
        f"Not all of {orders} orders came to their end",
    )


def _part(chance: random.Random) -> Part:
    first = tuple(chance.randint(0, units) for units in LINES)
    return Part(chance.random() < 0.25, first if any(first) else (1, 0), chance.randint(0, 50))


def _is_over(shown: Json, cancelled: bool) -> bool:
    if cancelled:
        return bool(shown["status"] == "canceled")
    packages = len(shown["packages"])
    return bool(shown["status"] == "invoiced" and shown["delivered"] == packages)


def _with_own_connection(stage: Stage, part: Part) -> str:
    try:
        return _live(stage, part)
    finally:
        connection.close()


def _live(stage: Stage, part: Part) -> str:
    order = stage.place(*LINES, discount_cents=part.discount_cents)
    known = order.marketplace_order_id
    _said_twice([stage.market.place_again(known)["orders"][0], stage.market.fulfill(known)])
    _said_twice([stage.market.fulfill(known, handling=True)])
    if part.cancels:
        _said_twice([stage.market.cancel(known), stage.market.cancel(known)])
        return known
    packing.start(order=order, now=timezone.now(), actor=None)
    _pack_and_ship(stage, stage.order(known), part.first_package)
    late = stage.market.cancel(known)
    require(400 <= late["httpStatus"] < 500, f"An invoiced order was cancelled: {said(late)}")
    return known


def _said_twice(answers: Sequence[Json]) -> None:
    for answer in answers:
        require(answer["httpStatus"] == 200, f"A repeated call was refused: {said(answer)}")


def _pack_and_ship(stage: Stage, order: Order, first: tuple[int, ...]) -> None:
    rest = tuple(units - taken for units, taken in zip(LINES, first, strict=True))
    for quantities in (first, rest):
        if any(quantities):
            stage.pack(order, quantities)
    order.refresh_from_db()
    require(order.status == Status.INVOICED, f"A packed order is {order.status}.")
    for package in order.packages.order_by("number"):
        stage.deliver(stage.hand_over(package))
