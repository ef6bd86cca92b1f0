"""Payment approved: the reservation becomes an order that may be picked."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction

from orders import booking, finding, flagging, moving, sourcing
from orders.due import due_at
from orders.models import Order, OrderLine, PersonalData, TimelineEntry
from orders.receipts import Receipt, receipt_of
from orders.retrying import retried
from orders.states import Status
from sellers import stock
from sellers.errors import Conflict, DomainError
from sellers.models import SellerAccount
from simulation.types import Policy

_UNPAID = (Status.RESERVED, Status.EXPIRED)


def authorize(
    *,
    account: SellerAccount,
    seller_order_id: str,
    marketplace_order_id: str,
    marketplace_order_group: str,
    payment: Any,
    now: datetime,
) -> Receipt:
    """Make the reservation firm; asked again, the same receipt.

    After its hold expired the stock is taken anew if it is there. Raises NotFound, or Conflict:
    another marketplace id, a cancelled order, or stock that is gone (which staff is told of).
    """
    order = finding.by_ours(account=account, seller_order_id=seller_order_id)
    if order.marketplace_order_id != marketplace_order_id:
        raise Conflict(
            "other-order", f"{seller_order_id} is not the reservation of {marketplace_order_id}."
        )
    decided = retried(partial(_decide, order.pk, marketplace_order_group, payment, now=now))
    if isinstance(decided, DomainError):
        raise decided
    return decided


@transaction.atomic
def _decide(
    order_id: int, marketplace_order_group: str, payment: Any, *, now: datetime
) -> Receipt | DomainError:
    """A refusal is returned, not raised: what staff is told of it must be committed."""
    # The order's row first (races: a retry, a cancellation, the expiry of this very hold).
    order = moving.lock(order_id=order_id)
    if order.status == Status.CANCELLED:
        # What was firm before was told of its cancellation: this is a notice sent again.
        if not order.receipt:
            flagging.raise_to_staff(order, code="paid-after-cancellation", now=now)
        return Conflict("cancelled", f"Order {order.marketplace_order_id} was cancelled.")
    if order.status in _UNPAID:
        if PersonalData.objects.filter(order=order, erased_at__isnull=False).exists():
            # There is no address left to send it to: the shopper's data was erased meanwhile.
            flagging.raise_to_staff(order, code="paid-after-erasure", now=now)
            return Conflict("erased", "The shopper's data was erased; it can't be delivered.")
        gap = _secure_stock(order, now=now)
        if gap is not None:
            return gap
        _make_firm(order, marketplace_order_group, payment, now=now)
    return receipt_of(order, order.receipt, at=order.authorized_at or now)


def _secure_stock(order: Order, *, now: datetime) -> DomainError | None:
    """The units of every line, held for good; a Conflict when they can't be had any more."""
    lines = list(order.lines.all())
    if _holds_are_alive(order, lines):
        return None
    return _hold_again(order, lines, now=now)


def _holds_are_alive(order: Order, lines: Sequence[OrderLine]) -> bool:
    """Confirm what was held at placement, if all of it still is."""
    try:
        with transaction.atomic():
            held = stock.confirm(seller_order_id=order.seller_order_id)
            if any(held.get(line.index, 0) < line.quantity for line in lines):
                raise _Incomplete
    except _Incomplete:
        # Rolled back to before the shelves were locked: they will be locked anew, more of them.
        return False
    return True


class _Incomplete(Exception):
    """Some holds of the order were tidied away."""


def _hold_again(order: Order, lines: Sequence[OrderLine], *, now: datetime) -> DomainError | None:
    wanted = [
        sourcing.Wanted(line.index, line.sku_id, line.ref, line.quantity, line.policy_ref)
        for line in lines
    ]
    tariff = sourcing.tariff_for(order.account, now=now)
    try:
        policies = sourcing.policies_of(tariff, wanted)
        sourced = _take_from_shelves(order, wanted, policies, now=now)
        sourcing.require_complete(sourced)
    except DomainError as gone:
        flagging.raise_to_staff(
            order, code="paid-without-stock", now=now, facts={"why": gone.message}
        )
        return Conflict("not-available", gone.message)
    if order.status == Status.EXPIRED:
        booking.book_again(order)
    takes = sourcing.told_takes(sourced, tariff=tariff, lines=wanted)
    facts = {"takes": takes, "rule": sourcing.why(sourced)}
    moving.record(order, kind=TimelineEntry.Kind.STOCK, code="held-again", now=now, facts=facts)
    return None


def _take_from_shelves(
    order: Order,
    wanted: Sequence[sourcing.Wanted],
    policies: Mapping[str, Policy],
    *,
    now: datetime,
) -> sourcing.Sourced:
    """Source and hold, for good; when short, nothing is held."""
    # All shelves of these SKUs, so that whatever is left of the order's own holds is among them
    # and tidied away, even when another clock is a little ahead of ours.
    over = max(now, order.hold_expires_at or now)
    levels = stock.lock_shelves(sku_ids={line.sku_id for line in wanted}, now=over)
    sourced = sourcing.source(wanted, policies=policies, shelves=sourcing.free_on(levels))
    if not sourced.short:
        stock.hold(
            seller_order_id=order.seller_order_id,
            wants=sourced.wants,
            expires_at=None,
            now=now,
            cause="paid-late",
        )
    return sourced


def _make_firm(order: Order, marketplace_order_group: str, payment: Any, *, now: datetime) -> None:
    order.receipt = str(uuid.uuid4())
    order.due_at = due_at(order, now=now)
    order.marketplace_order_group = marketplace_order_group or order.marketplace_order_group
    order.save(update_fields=["receipt", "due_at", "marketplace_order_group"])
    PersonalData.objects.filter(order=order).update(payment=payment)
    moving.move(
        order,
        Status.AUTHORIZED,
        now=now,
        code="authorized",
        facts={"receipt": order.receipt},
    )
