"""Goods that come back: received unit by unit, onto a shelf or to scrap.

What it means in money is next door, in `crediting`: the warehouse receives, a manager credits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from invoicing.models import Invoice, InvoiceLine, Return, ReturnItem
from orders import moving
from orders.models import Order, OrderLine, TimelineEntry
from sellers import stock
from sellers.errors import Conflict, DomainError
from sellers.models import User, Warehouse


@dataclass(frozen=True)
class Arrived:
    """Units of one line that came back: for the shelf in `warehouse`, or scrap for a reason."""

    line: OrderLine
    quantity: int
    condition: str = ReturnItem.Condition.AS_NEW
    warehouse: Warehouse | None = None
    scrap_reason: str = ""


@transaction.atomic
def receive(
    *, order: Order, arrived: Sequence[Arrived], key: str, now: datetime, actor: User | None
) -> Return:
    """Write down what came back and put it where it goes. The same `key` again: the first return.

    Raises DomainError (`nothing-returned`, `quantity-not-positive`, `reason-missing`,
    `no-such-warehouse`) and Conflict `not-returnable` for more than was invoiced and is not back
    yet; then nothing changed.
    """
    # The order's row first (races: two people at the desk, a package reopened meanwhile).
    locked = moving.lock(order_id=order.pk)
    known = Return.objects.filter(order=locked, key=key).first()
    if known is not None:
        return known
    check(order=locked, arrived=arrived)
    taken_in = Return.objects.create(
        order=locked,
        number=locked.returns.count() + 1,
        key=key,
        received_at=now,
        received_by=actor,
    )
    items = [_item(taken_in, each) for each in arrived]
    _restock(taken_in, items, now=now, actor=actor)
    tell(taken_in, "goods-returned", now=now, actor=actor)
    return taken_in


def check(*, order: Order, arrived: Sequence[Arrived]) -> None:
    """Raises what `receive` would; changes nothing. Serves the summary before it."""
    if not arrived:
        raise DomainError("nothing-returned", _("Say how many units came back."))
    left = returnable(order)
    for line, quantity in _by_line(arrived).items():
        if quantity > left.get(line.pk, 0):
            raise Conflict(
                "not-returnable",
                _("Of “%(name)s” %(left)d can come back, not %(quantity)d.")
                % {"name": line.name, "left": left.get(line.pk, 0), "quantity": quantity},
            )
    for each in arrived:
        _check_place(order, each)


def _by_line(arrived: Iterable[Arrived]) -> Counter[OrderLine]:
    units: Counter[OrderLine] = Counter()
    for each in arrived:
        if each.quantity < 1:
            raise DomainError("quantity-not-positive", _("The quantity must be one or more."))
        units[each.line] += each.quantity
    return units


def _check_place(order: Order, each: Arrived) -> None:
    if each.warehouse is None and not each.scrap_reason.strip():
        raise DomainError(
            "reason-missing",
            _("Say why “%(name)s” is scrapped, or where it goes.") % {"name": each.line.name},
        )
    if each.warehouse is not None and each.warehouse.account_id != order.account_id:
        raise DomainError("no-such-warehouse", _("This is another account's warehouse."))


def _item(taken_in: Return, each: Arrived) -> ReturnItem:
    return ReturnItem.objects.create(
        arrival=taken_in,
        line=each.line,
        quantity=each.quantity,
        condition=each.condition,
        warehouse=each.warehouse,
        scrap_reason="" if each.warehouse else each.scrap_reason.strip()[:200],
    )


def _restock(
    taken_in: Return, items: Sequence[ReturnItem], *, now: datetime, actor: User | None
) -> None:
    shelved = [item for item in items if item.warehouse_id]
    # All shelves at once, in id order (race: another return of the same SKUs, the other way round).
    stock.lock_shelves(sku_ids={item.line.sku_id for item in shelved}, now=now)
    for item in shelved:
        stock.put_back(
            sku_id=item.line.sku_id,
            warehouse_id=item.warehouse_id or 0,
            quantity=item.quantity,
            cause=cause_of(taken_in, item),
            now=now,
            actor=actor,
            seller_order_id=taken_in.order.seller_order_id,
        )


def cause_of(taken_in: Return, item: ReturnItem) -> str:
    return f"{taken_in.order.seller_order_id}/return{taken_in.number}/{item.pk}"


def returnable(order: Order) -> dict[int, int]:
    """Units that were invoiced and did not come back yet, by line id; lines without any are left
    out."""
    back = dict(
        ReturnItem.objects.filter(arrival__order=order, arrival__undone_at=None)
        .values_list("line")
        .annotate(units=Sum("quantity"))
        .order_by("line")
    )
    left = {line: units - back.get(line, 0) for line, units in invoiced_units(order).items()}
    return {line: units for line, units in left.items() if units > 0}


def invoiced_units(order: Order, kind: Invoice.Kind = Invoice.Kind.OUTPUT) -> dict[int, int]:
    """Units in the order's live invoices of a kind, by line id."""
    rows = InvoiceLine.objects.filter(
        invoice__order=order, invoice__kind=kind, invoice__voided_at=None
    )
    return dict(rows.values_list("line").annotate(units=Sum("quantity")).order_by("line"))


def why_not_undo(taken_in: Return) -> DomainError | None:
    """None while a return can be taken back: no invoice rests on it."""
    if taken_in.undone_at:
        return Conflict("undone", _("This return was taken back already."))
    if taken_in.invoice_id:
        return Conflict("credited", _("Its return invoice is issued: it can't be taken back."))
    return None


@transaction.atomic
def undo(*, taken_in: Return, now: datetime, actor: User | None) -> Return:
    """It was a mistake: the units are off the shelf again, as if they had not come back.

    Raises Conflict as `why_not_undo` says, and `below-held` when the units are promised meanwhile.
    """
    moving.lock(order_id=taken_in.order_id)
    taken_in = Return.objects.select_related("order__account").get(pk=taken_in.pk)
    refusal = why_not_undo(taken_in)
    if refusal is not None:
        raise refusal
    shelved = taken_in.items.filter(warehouse__isnull=False).select_related("line")
    stock.lock_shelves(sku_ids={item.line.sku_id for item in shelved}, now=now)
    for item in shelved:
        stock.correct(
            sku_id=item.line.sku_id,
            warehouse_id=item.warehouse_id or 0,
            on_hand_change=-item.quantity,
            reason=_("Return taken back: it was entered by mistake."),
            cause=f"{cause_of(taken_in, item)}/undone",
            now=now,
            actor=actor,
        )
    taken_in.undone_at = now
    taken_in.save(update_fields=["undone_at"])
    tell(taken_in, "return-undone", now=now, actor=actor)
    return taken_in


def tell(taken_in: Return, code: str, *, now: datetime, actor: User | None) -> None:
    invoice = taken_in.invoice
    facts: dict[str, Any] = {"return": taken_in.number}
    if invoice is not None:
        facts |= {"invoice": invoice.number, "value_cents": invoice.value_cents}
    moving.record(
        taken_in.order,
        kind=TimelineEntry.Kind.STOCK if invoice is None else TimelineEntry.Kind.INVOICE,
        code=code,
        now=now,
        actor=actor,
        facts=facts,
    )
