"""Placing orders: all of a call's orders or none, each once, stock held before anything is said.

The marketplace retries after a timeout, also while the first try still runs. Whoever comes second
waits, and is answered with the very bytes the first one got.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from django.db import transaction

from orders import booking, flagging, sourcing, wire
from orders.drafting import Draft, draft_of, skus_of
from orders.models import Order
from orders.placements import Placement
from orders.registering import Overtaken, Taken, answer_of, fill_in, open_orders
from orders.retrying import retried
from orders.sourcing import Sourced
from orders.states import Status
from sellers import stock
from sellers.errors import Conflict, DomainError
from sellers.models import SellerAccount
from simulation.types import Tariff


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
        return _place(account=account, placements=placements, now=now)
    except AlreadyPlaced as refusal:
        flagging.raise_to_staff(refusal.order, code=refusal.code, now=now)
        raise


def _require_distinct(placements: Sequence[Placement]) -> None:
    seen: set[str] = set()
    for position, placement in enumerate(placements):
        if placement.marketplace_order_id in seen:
            raise DomainError("invalid-field", f"[{position}].marketplaceOrderId: is there twice.")
        seen.add(placement.marketplace_order_id)


def _place(*, account: SellerAccount, placements: Sequence[Placement], now: datetime) -> list[str]:
    """Nearly every order is new, and taken as such. Whatever stands in its way, it may be that it
    was placed before: then that order's answer is the answer."""
    answers: dict[str, str] = {}
    while fresh := [each for each in placements if each.marketplace_order_id not in answers]:
        try:
            answers |= retried(partial(_take, account, fresh, now=now))
        except (Overtaken, DomainError):
            known = _known_answers(account, fresh)
            if not known:
                raise
            answers |= known
    return [answers[placement.marketplace_order_id] for placement in placements]


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
    return wire.dump(answer_of(order.seller_order_id, account=order.account, document=ids))


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
    """All that can be is read, decided and refused before anything is locked."""
    tariff = sourcing.tariff_for(account, now=now)
    skus = skus_of(account, placements)
    drafts = [draft_of(account, placement, skus, tariff) for placement in placements]
    free = stock.available(
        account_id=account.pk, sku_ids=[sku.id for sku in skus.values()], now=now
    )
    chosen = _choose(drafts, free)
    write = partial(_write, account, drafts, tariff=tariff, now=now)
    try:
        return write(lambda: chosen)
    except stock.Shortage:
        # Others were faster. Once more, with the shelves locked before they are looked at.
        return write(lambda: _choose(drafts, _locked_shelves(drafts, now=now)))


def _choose(drafts: Sequence[Draft], free: sourcing.Shelves) -> list[Sourced]:
    """Where the units come from; one order of the call leaves the next what it does not take.

    Raises Conflict naming what there is too little of.
    """
    chosen = []
    for draft in drafts:
        sourced = sourcing.source(draft.wanted, policies=draft.policies, shelves=free)
        sourcing.require_complete(sourced)
        chosen.append(sourced)
        free = sourced.left
    return chosen


def _locked_shelves(drafts: Sequence[Draft], *, now: datetime) -> sourcing.Shelves:
    """Every shelf any order of the call may draw from, at once and in id order."""
    levels = stock.lock_shelves(
        sku_ids={wanted.sku_id for draft in drafts for wanted in draft.wanted},
        warehouse_ids={
            warehouse
            for draft in drafts
            for policy in draft.policies.values()
            for warehouse in policy.warehouses
        },
        now=now,
    )
    return sourcing.free_on(levels)


@transaction.atomic
def _write(
    account: SellerAccount,
    drafts: Sequence[Draft],
    choose: Callable[[], Sequence[Sourced]],
    *,
    tariff: Tariff,
    now: datetime,
) -> dict[str, str]:
    """The orders' own rows first, where a retry queues up; last the shelves everybody wants."""
    opened = open_orders(account, drafts, now=now)
    taken = [Taken(*each) for each in zip(opened, drafts, choose(), strict=True)]
    answers = fill_in(account, taken, tariff=tariff, now=now)
    stock.hold_all(
        [
            stock.Promise(order.seller_order_id, sourced.wants, order.hold_expires_at)
            for order, _draft, sourced in taken
        ],
        now=now,
    )
    booking.book_all(account, drafts, at=now)
    return answers
