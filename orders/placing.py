"""Placing orders: all of a call's orders or none, each once, stock held before anything is said.

The marketplace retries after a timeout, also while the first try still runs. Whoever comes second
waits, and is answered with the very bytes the first one got.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.db import connection, transaction

from orders import booking, comparing, flagging, sourcing, wire
from orders.drafting import Draft, draft_of
from orders.models import Order, TimelineEntry
from orders.placements import Placement, hold_time
from orders.registering import answer_of, register
from orders.retrying import retried
from orders.states import Status
from sellers import stock
from sellers.errors import Conflict, DomainError
from sellers.models import SellerAccount, StockLevel
from simulation.types import Tariff

Kind = TimelineEntry.Kind


class AlreadyPlaced(Conflict):
    """The id is taken by an order that this placement is not a retry of."""

    def __init__(self, code: str, message: str, *, order: Order) -> None:
        super().__init__(code, message)
        self.order = order


def place_orders(
    *, account: SellerAccount, placements: Sequence[Placement], now: datetime
) -> list[str]:
    """Take all of `placements` or none; returns the answer to each, as JSON text.

    Each holds its stock until it is paid or its time is over. One that was placed before gets the
    answer it got then. Raises Conflict when the id belongs to another or a cancelled order, when
    stock is short, or (by the account's rule) prices differ; DomainError for an unknown SKU or
    delivery option. Whatever is raised, nothing was placed.
    """
    _require_distinct(placements)
    try:
        return retried(partial(_place, account=account, placements=placements, now=now))
    except AlreadyPlaced as refusal:
        flagging.raise_to_staff(refusal.order, code=refusal.code, now=now)
        raise


def _require_distinct(placements: Sequence[Placement]) -> None:
    seen: set[str] = set()
    for position, placement in enumerate(placements):
        if placement.marketplace_order_id in seen:
            raise DomainError("invalid-field", f"[{position}].marketplaceOrderId: is there twice.")
        seen.add(placement.marketplace_order_id)


@transaction.atomic
def _place(*, account: SellerAccount, placements: Sequence[Placement], now: datetime) -> list[str]:
    _queue_up(account, placements)
    answers = _known_answers(account, placements)
    fresh = [each for each in placements if each.marketplace_order_id not in answers]
    if fresh:
        answers |= _take(account, fresh, now=now)
    return [answers[placement.marketplace_order_id] for placement in placements]


def _queue_up(account: SellerAccount, placements: Iterable[Placement]) -> None:
    """One transaction at a time for each marketplace order id (race: a retry of a running call).

    Ids in one order for everybody, so that calls with several orders don't deadlock.
    """
    with connection.cursor() as cursor:
        for order_id in sorted(placement.marketplace_order_id for placement in placements):
            cursor.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended(%s, %s))",
                [f"placement:{order_id}", account.pk],
            )


def _known_answers(account: SellerAccount, placements: Sequence[Placement]) -> dict[str, str]:
    placed = {placement.marketplace_order_id: placement for placement in placements}
    orders = Order.objects.filter(account=account, marketplace_order_id__in=placed)
    answers = {}
    for order in orders.select_related("personal"):
        _require_retry(order, placed[order.marketplace_order_id])
        answers[order.marketplace_order_id] = order.personal.answer or _bare_answer(order)
    return answers


def _bare_answer(order: Order) -> str:
    """For an order whose personal data, the stored answer included, was erased."""
    ids = {"marketplaceOrderId": order.marketplace_order_id}
    return wire.dump(answer_of(order, account=order.account, document=ids))


def _require_retry(order: Order, placement: Placement) -> None:
    named = f"Order {order.marketplace_order_id}"
    if order.status == Status.CANCELLED:
        raise AlreadyPlaced(
            "placed-after-cancellation",
            f"{named} was cancelled; it can't be placed again.",
            order=order,
        )
    if order.fingerprint != placement.fingerprint:
        raise AlreadyPlaced(
            "other-content", f"{named} was placed before with other content.", order=order
        )


def _take(
    account: SellerAccount, placements: Sequence[Placement], *, now: datetime
) -> dict[str, str]:
    """Everything that can be refused without a lock is refused first."""
    tariff = sourcing.tariff_for(account, now=now)
    drafts = [draft_of(account, placement, tariff) for placement in placements]
    levels = _lock_shelves(drafts, now=now)
    answers = {}
    for draft in drafts:
        order_id = draft.placement.marketplace_order_id
        answers[order_id] = _take_one(account, draft, tariff=tariff, levels=levels, now=now)
    booking.book_all([(account, draft.placement.lines) for draft in drafts], at=now)
    return answers


def _lock_shelves(drafts: Sequence[Draft], *, now: datetime) -> list[StockLevel]:
    """Every shelf any order of the call may draw from, at once and in id order."""
    return stock.lock_shelves(
        sku_ids={wanted.sku_id for draft in drafts for wanted in draft.wanted},
        warehouse_ids={
            warehouse
            for draft in drafts
            for policy in draft.policies.values()
            for warehouse in policy.warehouses
        },
        now=now,
    )


def _take_one(
    account: SellerAccount,
    draft: Draft,
    *,
    tariff: Tariff,
    levels: Sequence[StockLevel],
    now: datetime,
) -> str:
    sourced = sourcing.source(
        draft.wanted, policies=draft.policies, shelves=sourcing.free_on(levels)
    )
    sourcing.require_complete(sourced)
    expires_at = now + hold_time(
        draft.placement.lines,
        default_minutes=account.hold_minutes,
        longest_minutes=account.max_hold_minutes,
    )
    order = register(account, draft, expires_at=expires_at, now=now)
    stock.hold(
        seller_order_id=order.seller_order_id,
        wants=sourced.wants,
        expires_at=expires_at,
        now=now,
        levels=levels,
    )
    takes = sourcing.told_takes(sourced, tariff=tariff, lines=draft.wanted)
    _tell(order, draft, takes=takes, rule=sourcing.why(sourced), now=now)
    return order.personal.answer


def _tell(
    order: Order, draft: Draft, *, takes: list[dict[str, Any]], rule: str, now: datetime
) -> None:
    """The first entries of the timeline, in one statement; then what staff should look at."""
    entries = (
        (Kind.INBOUND, "placed", {"operation": order.operation_id}),
        (Kind.STOCK, "held", {"takes": takes, "rule": rule}),
    )
    TimelineEntry.objects.bulk_create(
        TimelineEntry(order=order, at=now, kind=kind, code=code, facts=facts)
        for kind, code, facts in entries
    )
    if draft.differences and order.account.price_rule == SellerAccount.PriceRule.FLAG:
        facts = {"differences": list(draft.differences)}
        flagging.raise_to_staff(order, code="price-differs", now=now, facts=facts)
    if total := comparing.total_difference(draft.placement):
        flagging.raise_to_staff(order, code="total-differs", now=now, facts={"differences": total})
