"""One of everything that can be stuck, by the cause it is to be found under."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from invoicing.models import Invoice, Package, Return, ShortPick
from orders import flagging
from orders.models import Order, OrderChange, OrderEvent, TimelineEntry
from orders.moving import record
from orders.replanning import Plan
from orders.states import Status
from sellers.models import Hold, OutboxMessage, StockAudit
from tests.builders import Line, a_seller, a_warehouse, an_order, staff

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def stuck(cause: str, *, now: datetime) -> Any:
    """Makes it; gives the order it is about, or None when it is about none."""
    return STUCK[cause](now)


def a_message(order: Order, *, now: datetime, **facts: Any) -> OutboxMessage:
    settled = facts.get("status", "pending") != "pending"
    defaults = {
        "account": order.account,
        "subject": order.marketplace_order_id,
        "kind": "invoice",
        "key": f"invoice/{order.pk}/{OutboxMessage.objects.count()}",
        "method": "POST",
        "path": f"/api/oms/pvt/orders/{order.marketplace_order_id}/invoice",
        "body": "{}",
        "due_at": now,
        "created_at": now - DAY,
        "settled_at": now - 3 * HOUR if settled else None,
    }
    return OutboxMessage.objects.create(**defaults | facts)


def a_packed_order(*, now: datetime, sold: int | None = None, **facts: Any) -> Order:
    """Packed in full and invoiced, by default for what the marketplace pays."""
    order = an_order(now=now - 2 * DAY, **{"status": Status.INVOICED, **facts})
    Order.objects.filter(pk=order.pk).update(invoiced_at=now - DAY)
    package = a_package(order, number=1, now=now - DAY)
    Invoice.objects.create(
        account=order.account,
        order=order,
        package=package,
        number=f"NF{order.pk}",
        value_cents=order.payment_value_cents if sold is None else sold,
        issued_at=now - DAY,
    )
    return order


def a_package(order: Order, *, number: int, now: datetime, **facts: Any) -> Package:
    return Package.objects.create(
        order=order, number=number, status="closed", opened_at=now, closed_at=now, **facts
    )


def note_there(order: Order, status: str, *, at: datetime) -> Order:
    """The marketplace's status became this at that moment."""
    Order.objects.filter(pk=order.pk).update(marketplace_status=status)
    kind = TimelineEntry.Kind.INBOUND
    record(order, kind=kind, code="marketplace-status", now=at, facts={"state": status})
    return order


def _message(status: str, **facts: Any) -> Callable[[datetime], Order]:
    def make(now: datetime) -> Order:
        order = a_packed_order(now=now, due_at=now + HOUR)
        a_message(order, now=now, status=status, last_error="400: no", **facts)
        return order

    return make


def _failing(now: datetime) -> Order:
    order = an_order(now=now)
    a_message(order, now=now, trying_since=now - 2 * HOUR, last_error="503")
    return order


def _problem(code: str, status: Status = Status.AUTHORIZED) -> Callable[[datetime], Order]:
    def make(now: datetime) -> Order:
        order = an_order(now=now, status=status)
        flagging.raise_to_staff(order, code=code, now=now - HOUR)
        return order

    return make


def _cancellation(now: datetime) -> Order:
    return an_order(
        now=now,
        status=Status.CANCEL_REQUESTED,
        cancel_asked_at=now - DAY,
        cancel_decide_by=now + 29 * DAY,
        cancel_reason="Comprei por engano",
    )


def _change(status: str, asked: timedelta) -> Callable[[datetime], Order]:
    def make(now: datetime) -> Order:
        order = an_order(now=now, change_asked_at=now - asked)
        OrderChange.objects.create(
            account=order.account,
            order=order,
            change_request_id=f"change-{order.pk}",
            status=status,
            plan=Plan((), (), (), 0, 0, 0, 0, 0).document(),
            fingerprint="",
            received_at=now - asked,
        )
        return order

    return make


def _returned(now: datetime) -> Order:
    order = an_order(now=now, status=Status.DELIVERED)
    Return.objects.create(order=order, number=1, key="k", received_at=now - DAY)
    return order


def _all_returned(now: datetime) -> Order:
    order = an_order(now=now, status=Status.RETURNED)
    kind = TimelineEntry.Kind.STATUS
    record(order, kind=kind, code="returned", now=now - DAY, to_status=Status.RETURNED)
    return order


def _late(now: datetime) -> Order:
    return an_order(now=now, due_at=now - HOUR)


def _without_due_time(now: datetime) -> Order:
    return an_order(now=now, due_at=None)


def _not_handed_over(now: datetime) -> Order:
    return a_packed_order(now=now, due_at=now - HOUR)


def _tracking_missing(now: datetime) -> Order:
    order = a_packed_order(now=now, status=Status.SHIPPED)
    order.packages.update(dispatched_at=now - 3 * HOUR)
    return order


def _short_pick(now: datetime) -> Order:
    order = an_order(now=now)
    line = order.lines.get()
    ShortPick.objects.create(
        order=order,
        line=line,
        warehouse=a_warehouse(),
        quantity=1,
        line_quantity=line.quantity,
        reason="damaged",
        reported_at=now - HOUR,
        reported_by=staff(f"picker{order.pk}"),
    )
    flagging.raise_to_staff(order, code="short-pick", now=now - HOUR)
    return order


def _unpaid(status: Status) -> Callable[[datetime], Order]:
    def make(now: datetime) -> Order:
        order = an_order(now=now, status=status, authorized_at=None, due_at=None)
        return note_there(order, "ready-for-handling", at=now - HOUR)

    return make


def _value_gap(now: datetime) -> Order:
    order = a_packed_order(now=now, sold=1600, due_at=now + HOUR)
    return note_there(order, "invoice", at=now - DAY)


def _status_differs(now: datetime) -> Order:
    order = a_packed_order(now=now, due_at=now + HOUR)
    return note_there(order, "handling", at=now - DAY)


def _invoiced_there(now: datetime) -> Order:
    return note_there(an_order(now=now), "invoiced", at=now - HOUR)


def _alive_there(now: datetime) -> Order:
    order = an_order(now=now, status=Status.CANCELLED, cancelled_at=now - DAY)
    return note_there(order, "ready-for-handling", at=now - 2 * DAY)


def _event(outcome: str, **facts: Any) -> Callable[[datetime], None]:
    def make(now: datetime) -> None:
        defaults = {
            "account": a_seller(),
            "marketplace_order_id": "",
            "state": outcome,
            "last_change": now.isoformat(),
            "document": {},
            "received_at": now,
            "processed_at": now,
            "flagged_at": now - HOUR,
            "outcome": outcome,
        }
        OrderEvent.objects.create(**defaults | facts)

    return make


def _silent(now: datetime) -> None:
    for _one in range(3):
        an_order(
            Line("1001"),
            account=a_seller("deaf"),
            now=now - 5 * HOUR,
            due_at=now + DAY,
        )


def _audit(now: datetime) -> None:
    StockAudit.objects.create(
        account=a_seller(), found_at=now - HOUR, last_seen_at=now, total=2, differences=["a", "b"]
    )


def _overload(now: datetime) -> None:
    """A warehouse that packed one order a day, and has three due before midnight."""
    account = a_seller("slow", app_key="")
    here = now.astimezone(account.zone)
    for days_ago in (1, 2):
        moment = here.replace(hour=0, minute=0) - days_ago * DAY
        order = an_order(account=account, status=Status.DELIVERED, invoiced_at=moment)
        Hold.objects.filter(seller_order_id=order.seller_order_id).update(state="shipped")
    for _one in range(3):
        an_order(account=account, now=now, due_at=here.replace(hour=23, minute=59, second=59))


STUCK: dict[str, Callable[[datetime], Order | None]] = {
    "message-refused": _message("rejected"),
    "message-gave-up": _message("exhausted"),
    "key-refused": _message("unauthorised"),
    "not-applied": _message("delivered", applied="missing"),
    "message-failing": _failing,
    "cancel-asked": _cancellation,
    "change-asked": _change("received", HOUR),
    "change-unconfirmed": _change("acknowledged", 2 * DAY),
    "return-to-invoice": _returned,
    "returned-not-cancelled": _all_returned,
    **{
        code: _problem(code)
        for code in (
            "price-differs",
            "total-differs",
            "other-content",
            "change-not-applied",
            "replaced",
        )
    },
    "problem": _problem("something-new"),
    "paid-without-stock": _problem("paid-without-stock", Status.EXPIRED),
    "paid-after-cancellation": _problem("paid-after-cancellation", Status.CANCELLED),
    "paid-after-erasure": _problem("paid-after-erasure", Status.EXPIRED),
    "placed-after-cancellation": _problem("placed-after-cancellation", Status.CANCELLED),
    "cancel-after-invoice": _problem("cancel-after-invoice", Status.SHIPPED),
    "over-there-but-invoiced": _problem("over-there-but-invoiced", Status.SHIPPED),
    "stopped-while-packing": _problem("stopped-while-packing", Status.CANCELLED),
    "likely-misses": _overload,
    "short-pick": _short_pick,
    "late": _late,
    "no-due-time": _without_due_time,
    "not-handed-over": _not_handed_over,
    "tracking-missing": _tracking_missing,
    "never-authorised": _unpaid(Status.RESERVED),
    "hold-expired": _unpaid(Status.EXPIRED),
    "value-gap": _value_gap,
    "status-differs": _status_differs,
    "invoiced-there": _invoiced_there,
    "alive-there": _alive_there,
    "event-to-see": _event("not-read"),
    "never-placed": _event("not-placed"),
    "feed-dead": _event("not-made", source="watch", state="feed-dropped"),
    "feed-renewed": _event("made-anew", source="watch", state="hook-dropped"),
    "silent": _silent,
    "stock-audit": _audit,
}
