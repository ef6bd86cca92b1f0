"""A shopper's data, emptied once the order is over; what the seller must keep names nobody."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Greatest

from orders import moving
from orders.models import Order, OrderEvent, PersonalData, TimelineEntry
from orders.states import CLOSED, Status
from sellers.errors import Conflict
from sellers.marketplace import outbox
from sellers.marketplace.excerpts import masked
from sellers.models import User

#: Until then a payment may still come for a reservation that expired, and a parcel be sent.
LATE_PAYMENT = timedelta(days=30)
#: What a marketplace event says of an order; anything else in it may be about a person.
_EVENT_KEYS = frozenset(
    {"domain", "orderid", "state", "laststate", "lastchange", "currentchange", "origin"}
)
_BATCH = 500


def is_erasable(order: Order, *, now: datetime) -> bool:
    """Whether nobody needs the shopper's data any more: no label, no parcel under way."""
    if order.status == Status.EXPIRED:
        return (order.hold_expires_at or order.placed_at) <= now - LATE_PAYMENT
    return order.status in CLOSED


@transaction.atomic
def erase_personal_data(*, order: Order, now: datetime, actor: User | None) -> bool:
    """Empty everything about the shopper; whether there was anything left to empty.

    The order, its lines, money, invoices and stock stay, and where it went stays as city and state.
    Raises Conflict `order-open` while somebody still needs the data; then nothing changed.
    """
    # The order's row first (races: a late payment revives it; two people erase at once).
    locked = moving.lock(order_id=order.pk)
    if not is_erasable(locked, now=now):
        raise Conflict(
            "order-open",
            f"Order {locked.marketplace_order_id} is {locked.status}: its parcel needs an address.",
        )
    emptied = PersonalData.objects.filter(order=locked, erased_at=None).update(
        document=None, answer="", payment=None, cancellation=None, receiver="", erased_at=now
    )
    if not emptied:
        return False
    locked.changes.update(document=None)
    locked.lines.update(extras=[])
    _clean_traces(locked)
    note = TimelineEntry.Kind.NOTE
    moving.record(locked, kind=note, code="personal-data-erased", now=now, actor=actor)
    return True


def _clean_traces(order: Order) -> None:
    """What people may have typed or sent where no personal data belongs."""
    order.ship_postal_code = ""
    order.cancel_reason = masked(order.cancel_reason, keep=order.marketplace_order_id)
    order.save(update_fields=["ship_postal_code", "cancel_reason"])
    for entry in order.timeline.filter(facts__has_key="reason"):
        reason = masked(str(entry.facts["reason"]), keep=order.marketplace_order_id)
        entry.facts |= {"reason": reason}
        entry.save(update_fields=["facts"])
    for change in order.changes.all():
        change.reason = masked(change.reason, keep=order.marketplace_order_id)
        change.answer_reason = masked(change.answer_reason, keep=order.marketplace_order_id)
        change.save(update_fields=["reason", "answer_reason"])
    named = Q(marketplace_order_id=order.marketplace_order_id) | Q(order=order)
    outbox.forget_documents(account_id=order.account_id, subject=order.marketplace_order_id)
    events = OrderEvent.objects.filter(named, account_id=order.account_id)
    for event in events:
        event.document = _without_unknown(event.document)
        event.save(update_fields=["document"])


def _without_unknown(document: Any) -> dict[str, Any]:
    known = document.items() if isinstance(document, dict) else ()
    return {key: value for key, value in known if key.casefold() in _EVENT_KEYS}


def erase_older_than(*, days: int, now: datetime) -> list[Order]:
    """Erase up to 500 orders that have been over for `days`; returns those that were erased.

    An order is over since the last thing that happened to it: placed, expired, handed over,
    delivered or cancelled.
    """
    due = _kept_too_long(before=now - timedelta(days=days), now=now)
    return [order for order in due.order_by("pk")[:_BATCH] if _erased(order, now=now)]


def _erased(order: Order, *, now: datetime) -> bool:
    try:
        return erase_personal_data(order=order, now=now, actor=None)
    except Conflict:  # a late payment revived it just now
        return False


def _kept_too_long(*, before: datetime, now: datetime) -> QuerySet[Order]:
    moments = ("placed_at", "hold_expires_at", "shipped_at", "delivered_at", "cancelled_at")
    over = Q(status__in=CLOSED) | Q(status=Status.EXPIRED, hold_expires_at__lte=now - LATE_PAYMENT)
    orders = Order.objects.filter(over, personal__erased_at=None, personal__isnull=False)
    return orders.annotate(last=Greatest(*map(F, moments))).filter(last__lte=before)
