"""Scenes in which the marketplace changes a paid order."""

from __future__ import annotations

from django.utils import timezone

from invoicing import packing
from orders import agreeing
from orders.models import Order, OrderChange
from orders.states import Status
from rehearsal.stage import Json, Stage, require, said
from sellers.errors import DomainError


def agreed(stage: Stage) -> None:
    """Fewer units, agreed on in four steps; nothing is packed meanwhile, and all adds up after."""
    order, change = _asked(stage)
    require(_is_stopped(stage, order), "Packing went on during a change.")
    agreeing.accept_change(change=change, now=timezone.now(), actor=None)
    _until(stage, order, "waiting-confirmation", "The marketplace did not hear our yes")
    for answer in (stage.market.confirm_change(order.marketplace_order_id) for _ in range(2)):
        require(answer["httpStatus"] == 200, f"A confirmation was refused: {said(answer)}")
    _until(stage, order, "done", "The marketplace did not hear that it is done")
    order.refresh_from_db()
    shown = stage.shown(order)
    require(
        order.payment_value_cents == shown["value"],
        f"Worth {order.payment_value_cents} cents here, {shown['value']} there.",
    )
    stage.pack(order, (2, 2))
    stage.wait(
        lambda: stage.shown(order)["status"] == "invoiced", "The invoice did not complete it"
    )


def refused(stage: Stage) -> None:
    """A manager's no withdraws the change there, and packing goes on as if nothing had been."""
    order, change = _asked(stage)
    value = stage.shown(order)["value"]
    agreeing.refuse_change(change=change, reason="Packed", now=timezone.now(), actor=None)
    _until(stage, order, "canceled", "The marketplace did not hear our no")
    order.refresh_from_db()
    require(order.payment_value_cents == value, "A refused change changed the order.")
    stage.pack(order, (3, 2))
    stage.wait(lambda: stage.shown(order)["status"] == "invoiced", "The order was not invoiced")


def _asked(stage: Stage) -> tuple[Order, OrderChange]:
    """An order in packing of which the marketplace takes one unit off."""
    order = stage.paid(3, 2, discount_cents=4)
    known = order.marketplace_order_id
    packing.start(order=order, now=timezone.now(), actor=None)
    stage.wait(lambda: stage.shown(order)["status"] == "handling", "Handling was not announced")
    ref = order.lines.order_by("index")[0].ref
    answer = stage.market.change(known, [{"id": ref, "quantity": 1}])
    require(answer["httpStatus"] == 202, f"The change was not taken: {said(answer)}")
    return stage.order(known), OrderChange.objects.get(order=order)


def _is_stopped(stage: Stage, order: Order) -> bool:
    try:
        stage.pack(order, (1, 0))
    except DomainError:
        return order.status == Status.HANDLING
    return False


def _until(stage: Stage, order: Order, status: str, otherwise: str) -> None:
    stage.wait(lambda: _latest(stage.shown(order))["status"] == status, otherwise)


def _latest(shown: Json) -> Json:
    latest: Json = shown["changes"][-1]
    return latest
