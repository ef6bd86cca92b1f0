"""After the last scene: does each side have exactly what the other side says?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from django.db.models import Sum
from django.utils import timezone

from invoicing.models import Invoice, InvoiceLine
from orders.auditing import findings
from orders.models import Order
from orders.states import Status
from rehearsal.stage import Json, Stage, require
from sellers.models import DeliveryAttempt, Hold, OutboxMessage

#: An identical retry does no harm, and is listed all the same.
HARMLESS = frozenset({"invoice-repeated"})
Outcome = DeliveryAttempt.Outcome
_SETTLED = (OutboxMessage.Status.DELIVERED, OutboxMessage.Status.SUPERSEDED)


def everything_arrived(stage: Stage) -> None:
    """Every message was delivered: none waits, none was refused."""
    unfinished = OutboxMessage.objects.filter(account=stage.account).exclude(status__in=_SETTLED)
    stage.wait(lambda: not unfinished.exists(), "Messages are left")


def no_double_effects(stage: Stage) -> None:
    """For every order: the same invoices on both sides, each once, and no cent or unit too many."""
    faults = [fault for shown in stage.market.orders() for fault in _faults(stage, shown)]
    require(not faults, "; ".join(faults[:3]))


def _faults(stage: Stage, row: Json) -> Iterator[str]:
    known = row["marketplaceOrderId"]
    order = Order.objects.filter(account=stage.account, marketplace_order_id=known).first()
    if order is None:
        if row["sellerOrderId"]:
            yield f"{known}: the portal does not know it"
        return
    told = stage.market.order(known)
    yield from _differences(order, told)
    if row["status"] == "invoiced" and row["invoiced"] != order.payment_value_cents:
        yield f"{known}: {row['invoiced']} cents invoiced of {order.payment_value_cents}"
    if row["status"] == "canceled" and order.status != Status.CANCELLED:
        yield f"{known}: cancelled there, {order.status} here"


def _differences(order: Order, told: Json) -> Iterator[str]:
    invoices = Invoice.objects.filter(order=order, voided_at=None).order_by("pk")
    ours = list(invoices.values_list("kind", "number", "value_cents"))
    theirs = [(p["type"], p["invoiceNumber"], p["invoiceValue"]) for p in told["packages"]]
    if ours != theirs:
        yield f"{order.marketplace_order_id}: invoices {theirs} there, {ours} here"
    if _units(told) != _invoiced(order):
        yield f"{order.marketplace_order_id}: other units are invoiced there than here"
    shipped = _shipped(order)
    if shipped != sum(_invoiced(order).values()):
        yield f"{order.marketplace_order_id}: {shipped} units left the shelves"


def _units(told: Json) -> Counter[str]:
    units: Counter[str] = Counter()
    for package in told["packages"]:
        if package["type"] == "Output":
            for item in package["items"]:
                units[told["items"][item["itemIndex"]]["id"]] += item["quantity"]
    return units


def _invoiced(order: Order) -> Counter[str]:
    lines = InvoiceLine.objects.filter(
        invoice__order=order, invoice__voided_at=None, invoice__kind=Invoice.Kind.OUTPUT
    )
    return Counter(dict(lines.values_list("line__ref").annotate(units=Sum("quantity"))))


def _shipped(order: Order) -> int:
    gone = Hold.objects.filter(
        seller_order_id=order.seller_order_id, state=Hold.State.SHIPPED
    ).aggregate(units=Sum("quantity", default=0))
    return int(gone["units"])


def no_anomalies(stage: Stage) -> None:
    kinds = Counter(a["kind"] for a in stage.market.anomalies() if a["kind"] not in HARMLESS)
    require(not kinds, ", ".join(f"{count} × {kind}" for kind, count in kinds.items()))


def weather_met(stage: Stage) -> dict[str, int]:
    """How the copy's messages fared since this rehearsal began, by what came of each try."""
    tries = DeliveryAttempt.objects.filter(message__account=stage.account, at__gte=stage.began)
    ends = Counter(tries.values_list("outcome", flat=True))
    for look in (Outcome.SEEN, Outcome.NOT_SEEN):
        del ends[look]
    return {
        "calls": sum(ends.values()),
        "messages": tries.values("message").distinct().count(),
        "failed": ends[Outcome.FAILED],
        "unanswered": ends[Outcome.UNANSWERED],
        "throttled": ends[Outcome.THROTTLED],
        "found": ends[Outcome.FOUND],
    }


def stock_audit(stage: Stage) -> None:
    """Levels, ledger and holds agree, and no unit is held for an order that is over."""
    found = [str(f) for f in findings(now=timezone.now(), account_id=stage.account.pk)]
    require(not found, "; ".join(found[:3]))
