"""Scenes in which somebody wants the order undone."""

from __future__ import annotations

from django.utils import timezone

from invoicing import packing
from orders import deciding
from orders.states import Status
from rehearsal.stage import Stage, require, said
from sellers.errors import Conflict
from sellers.models import OutboxMessage


def before_handling(stage: Stage) -> None:
    """Confirmed at once, with one receipt however often it is asked; then no payment counts."""
    order = stage.paid(2, handling=False)
    known = order.marketplace_order_id
    first, again = stage.market.cancel(known), stage.market.cancel(known)
    require(first["httpStatus"] == again["httpStatus"] == 200, f"{said(first)}, {said(again)}")
    require(first["answer"]["receipt"] == again["answer"]["receipt"], "Two receipts.")
    require(stage.held(order) == 0, "A cancelled order still holds stock.")
    require(stage.shown(order)["status"] == "canceled", "The marketplace did not cancel.")
    late = stage.market.fulfill(known)
    require(400 <= late["httpStatus"] < 500, f"A cancelled order was paid: {said(late)}")
    require(stage.order(known).status == Status.CANCELLED, "The payment undid the cancellation.")


def during_packing(stage: Stage) -> None:
    """Under evaluation until staff decide; asked again, the decision."""
    order = stage.paid(2)
    known = order.marketplace_order_id
    packing.start(order=order, now=timezone.now(), actor=None)
    stage.wait(lambda: stage.shown(order)["status"] == "handling", "Handling was not announced")
    asked = stage.market.cancel(known)
    require(asked["httpStatus"] == 200 and not asked["answer"], f"Not an evaluation: {said(asked)}")
    require(stage.order(known).status == Status.CANCEL_REQUESTED, "Staff were not asked.")
    deciding.accept_cancellation(order=stage.order(known), now=timezone.now(), actor=None)
    confirmed = stage.market.cancel(known)
    require(confirmed["answer"], f"The decision was not told: {said(confirmed)}")
    stage.wait(lambda: stage.shown(order)["status"] == "canceled", "The marketplace did not cancel")
    require(stage.held(order) == 0, "A cancelled order still holds stock.")


def refused_by_invoice(stage: Stage) -> None:
    order = stage.paid(2)
    known = order.marketplace_order_id
    packing.start(order=order, now=timezone.now(), actor=None)
    stage.market.cancel(known)
    deciding.refuse_cancellation(
        order=stage.order(known), reason="On its way", now=timezone.now(), actor=None
    )
    again = stage.market.cancel(known)
    require(400 <= again["httpStatus"] < 500, f"The refusal was not told: {said(again)}")
    stage.pack(stage.order(known), (2,))
    stage.wait(lambda: stage.shown(order)["status"] == "invoiced", "The invoice did not arrive")


def by_seller(stage: Stage) -> None:
    order = stage.paid(1, handling=False)
    deciding.cancel_by_seller(
        order=order, reason="Damaged in the warehouse", now=timezone.now(), actor=None
    )
    require(stage.held(order) == 0, "A cancelled order still holds stock.")
    stage.wait(lambda: stage.shown(order)["status"] == "canceled", "The marketplace did not cancel")


def by_seller_when_partly_invoiced(stage: Stage) -> None:
    """Refused here, with the rule, before the marketplace would; then the rest is packed."""
    order = stage.paid(2)
    stage.pack(order, (1,))
    try:
        deciding.cancel_by_seller(order=order, reason="Too late", now=timezone.now(), actor=None)
    except Conflict:
        refused = True
    else:
        refused = False
    require(refused, "A partly invoiced order was cancelled.")
    sent = OutboxMessage.objects.filter(
        account=stage.account, subject=order.marketplace_order_id, kind=OutboxMessage.Kind.CANCEL
    )
    require(not sent.exists(), "A cancellation was sent.")
    stage.pack(stage.order(order.marketplace_order_id), (1,))
    stage.wait(lambda: stage.shown(order)["status"] == "invoiced", "The rest was not invoiced")
