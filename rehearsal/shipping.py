"""Scenes from the packing table to the shopper's door, and what the marketplace sees of them."""

from __future__ import annotations

from collections.abc import Iterator

from invoicing.models import Invoice, Package
from orders.models import Order
from orders.states import Status
from rehearsal.stage import Json, Stage, require
from sellers.models import OutboxMessage

Applied = OutboxMessage.Applied


def partial_invoices(stage: Stage) -> None:
    """Three packages; their invoices add up to what the marketplace pays, to the cent."""
    order = stage.paid(3, 2, discount_cents=3)
    stage.storm()
    for quantities in ((1, 0), (1, 1), (1, 1)):
        stage.pack(order, quantities)
    order.refresh_from_db()
    require(order.status == Status.INVOICED, f"The order is {order.status}.")
    stage.wait(lambda: stage.shown(order)["status"] == "invoiced", "The marketplace lacks invoices")
    shown = stage.shown(order)
    require(shown["invoiced"] == shown["value"], f"{shown['invoiced']} of {shown['value']} cents.")
    require(_told(shown) == list(_ours(order)), "Numbers or values differ from ours.")
    stage.played["packed"] = order.marketplace_order_id


def _told(shown: Json) -> list[tuple[str, int]]:
    return [(p["invoiceNumber"], p["invoiceValue"]) for p in shown["packages"]]


def _ours(order: Order) -> Iterator[tuple[str, int]]:
    invoices = Invoice.objects.filter(order=order, voided_at=None).order_by("pk")
    yield from invoices.values_list("number", "value_cents")


def handed_over(stage: Stage) -> None:
    order = stage.earlier("packed")
    stage.storm()
    packages = [stage.hand_over(package) for package in _packages(order)]
    wanted = [package.tracking_number for package in packages]
    stage.wait(
        lambda: [p["trackingNumber"] for p in stage.shown(order)["packages"]] == wanted,
        "The marketplace lacks tracking",
    )


def delivered(stage: Stage) -> None:
    order = stage.earlier("packed")
    for package in _packages(order):
        stage.deliver(package)
    stage.wait(lambda: stage.shown(order)["delivered"] == 3, "The marketplace lacks deliveries")
    order.refresh_from_db()
    require(order.status == Status.DELIVERED, f"The order is {order.status}.")


def _packages(order: Order) -> list[Package]:
    return list(order.packages.filter(status=Package.Status.CLOSED).order_by("number"))


def seen_in_the_order(stage: Stage) -> None:
    """The second tick: what was accepted is looked for in the order, and found."""
    order = stage.earlier("packed")
    ours = OutboxMessage.objects.filter(account=stage.account, subject=order.marketplace_order_id)
    stage.wait(
        lambda: not ours.filter(applied=Applied.WAITING).exists(),
        "Nobody looked whether the invoices are in the order",
    )
    require(not ours.filter(applied=Applied.MISSING).exists(), "Accepted, but not in the order.")
