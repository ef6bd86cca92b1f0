"""Which order an event means, when it is none that we know by this id."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from orders import statuses
from orders.models import Order, OrderEvent
from sellers.errors import NotFound
from sellers.marketplace.asking import Clock, Refused, Unanswered, read_order

Outcome = OrderEvent.Outcome

#: An order is announced before it is placed, and may be unknown to a part of the marketplace.
PROPAGATION = timedelta(minutes=15)
#: After so long without an answer staff are asked.
GIVE_UP_AFTER = timedelta(hours=24)
_SHORTEST, _LONGEST = timedelta(seconds=15), timedelta(hours=1)


class Found(NamedTuple):
    order_id: int


class Filed(NamedTuple):
    """There is no order to act on. `needs_a_look`: for a person to understand."""

    outcome: Outcome
    needs_a_look: bool = False


class Later(NamedTuple):
    until: datetime


def known_here(event: OrderEvent) -> Found | Filed | None:
    """What can be said without asking the marketplace."""
    named = Order.objects.filter(
        account=event.account_id, marketplace_order_id=event.marketplace_order_id
    )
    order_id = named.values_list("pk", flat=True).first()
    if order_id is not None:
        return Found(order_id)
    return Filed(Outcome.OTHER_SELLER) if _is_known_foreign(event) else None


def _is_known_foreign(event: OrderEvent) -> bool:
    """Events are about the orders of all sellers there: one look at each order will do."""
    return OrderEvent.objects.filter(
        account=event.account_id,
        marketplace_order_id=event.marketplace_order_id,
        outcome=Outcome.OTHER_SELLER,
    ).exists()


def look_up(event: OrderEvent, *, clock: Clock) -> Found | Filed | Later:
    """Read the order at the marketplace and say what it is to us. No transaction may be open."""
    if not event.account.app_key:
        return Filed(Outcome.NOT_READ, needs_a_look=True)
    try:
        document = read_order(
            account=event.account, marketplace_order_id=event.marketplace_order_id, clock=clock
        )
    except NotFound:
        return _patiently(event, Filed(Outcome.NOT_FOUND), for_=PROPAGATION, now=clock())
    except (Refused, Unanswered) as silence:
        unread = Filed(Outcome.NOT_READ, needs_a_look=True)
        verdict = _patiently(event, unread, for_=GIVE_UP_AFTER, now=clock())
        if isinstance(verdict, Later) and isinstance(silence, Unanswered):
            return Later(max(verdict.until, silence.until))
        return verdict
    return _judge(event, document if isinstance(document, dict) else {}, now=clock())


def _judge(event: OrderEvent, document: dict[str, Any], *, now: datetime) -> Found | Filed | Later:
    order_id = _of_ours(event, document)
    if order_id is not None:
        return Found(order_id)
    sellers = set(_sellers(document))
    if sellers and event.account.seller_id not in sellers:
        return Filed(Outcome.OTHER_SELLER)
    if document.get("status") in statuses.ENDED:
        return Filed(Outcome.NEVER_PLACED)
    lost = Filed(Outcome.NOT_PLACED, needs_a_look=True)
    return _patiently(event, lost, for_=PROPAGATION, now=now)


def _of_ours(event: OrderEvent, document: dict[str, Any]) -> int | None:
    """The order that was placed here under another id: the document names ours, or theirs."""
    orders = Order.objects.filter(account=event.account_id)
    ours, theirs = (_text(document, key) for key in ("sellerOrderId", "marketplaceOrderId"))
    by_ours = orders.filter(seller_order_id=ours).values_list("pk", flat=True).first()
    if by_ours is not None or not theirs:
        return by_ours
    return orders.filter(marketplace_order_id=theirs).values_list("pk", flat=True).first()


def _text(document: dict[str, Any], key: str) -> str:
    value = document.get(key)
    return value.replace("\0", "") if isinstance(value, str) else ""


def _sellers(document: dict[str, Any]) -> Iterator[str]:
    for key, name in (("sellers", "id"), ("items", "seller")):
        rows = document.get(key)
        for row in rows if isinstance(rows, list) else ():
            if isinstance(row, dict) and row.get(name) is not None:
                yield str(row[name])


def _patiently(
    event: OrderEvent, verdict: Filed, *, for_: timedelta, now: datetime
) -> Filed | Later:
    """Not before some time has passed; until then again, after as long as it took so far."""
    waited = now - event.received_at
    if waited >= for_:
        return verdict
    return Later(now + min(_LONGEST, max(_SHORTEST, waited)))
