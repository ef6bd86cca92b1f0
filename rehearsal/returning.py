"""The scene of a return: goods come back, money goes back, and then the order can be cancelled."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils import timezone

from invoicing import crediting, returning
from invoicing.models import ReturnItem
from invoicing.returning import Arrived
from orders import deciding
from orders.models import Order
from orders.states import Status
from rehearsal.stage import Stage, require
from sellers.models import StockLevel, Warehouse


def return_and_cancel(stage: Stage) -> None:
    """All units back, one of them scrapped: the whole value is refunded, the others are on the
    shelf again."""
    order = stage.paid(2, 1, discount_cents=3)
    stage.pack(order, (2, 1))
    stage.wait(lambda: stage.shown(order)["status"] == "invoiced", "The invoice did not arrive")
    order.refresh_from_db()
    warehouse = Warehouse.objects.filter(account=stage.account, is_active=True).earliest("pk")
    before = _on_hand(stage)
    taken_in = returning.receive(
        order=order,
        arrived=list(_arrived(order, warehouse)),
        key="rehearsal",
        now=timezone.now(),
        actor=None,
    )
    require(_on_hand(stage) == before + 2, "The units that came back are not on the shelf.")
    crediting.credit(taken_in=taken_in, now=timezone.now(), actor=None)
    stage.wait(
        lambda: stage.shown(order)["returned"] == stage.shown(order)["value"],
        "The marketplace lacks the return invoice",
    )
    order.refresh_from_db()
    require(order.status == Status.RETURNED, f"The order is {order.status}.")
    # In bad weather the marketplace may have it before we know.
    stage.wait(lambda: deciding.why_not_cancel(order) is None, "The return was not acknowledged")
    deciding.cancel_by_seller(order=order, reason="Returned", now=timezone.now(), actor=None)
    stage.wait(lambda: stage.shown(order)["status"] == "canceled", "The marketplace did not cancel")


def _arrived(order: Order, warehouse: Warehouse) -> Iterator[Arrived]:
    whole, scrapped = order.lines.order_by("index")
    yield Arrived(whole, whole.quantity, warehouse=warehouse)
    condition = ReturnItem.Condition.DAMAGED
    yield Arrived(scrapped, scrapped.quantity, condition=condition, scrap_reason="Broken")


def _on_hand(stage: Stage) -> int:
    levels = StockLevel.objects.filter(sku__account=stage.account)
    return sum(levels.values_list("on_hand", flat=True))
