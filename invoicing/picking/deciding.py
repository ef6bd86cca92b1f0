"""A manager decides about units that could not be picked. The books follow in the same breath."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from invoicing.models import ShortPick
from invoicing.picking import shorts
from invoicing.picking.away import units_away
from orders import deciding, modifying, moving
from orders.models import Order, OrderChange, TimelineEntry
from sellers import stock
from sellers.errors import Conflict
from sellers.models import StockLevel, User, Warehouse

Decision = ShortPick.Decision


@transaction.atomic
def wait(
    *, short: ShortPick, note: str, counted: int | None, now: datetime, actor: User
) -> ShortPick:
    """The units stay promised; they are picked once stock has come to that shelf."""
    order, locked = _lock(short)
    _correct(locked, counted, now=now, actor=actor)
    return _settle(order, locked, Decision.WAIT, note=note, now=now, actor=actor)


@transaction.atomic
def take_elsewhere(
    *,
    short: ShortPick,
    warehouse: Warehouse,
    note: str,
    counted: int | None,
    now: datetime,
    actor: User,
) -> ShortPick:
    """Another warehouse has the units: they are held there from now on, and picked there.

    Raises Conflict `not-available`; then nothing changed.
    """
    order, locked = _lock(short)
    there = _level(locked, warehouse)
    if there is None or warehouse.pk == locked.warehouse_id:
        raise Conflict("not-available", _("That warehouse does not have this item."))
    stock.relocate(
        seller_order_id=order.seller_order_id,
        line_index=locked.line.index,
        level=_require_level(locked),
        to=there,
        quantity=locked.quantity,
        cause=f"{order.seller_order_id}/{locked.line.index}/short/{locked.pk}",
        now=now,
        actor=actor,
    )
    _correct(locked, counted, now=now, actor=actor)
    facts = f"{note} → {warehouse.name}" if note else f"→ {warehouse.name}"
    return _settle(order, locked, Decision.ELSEWHERE, note=facts, now=now, actor=actor)


@transaction.atomic
def cancel(
    *, short: ShortPick, reason: str, counted: int | None, now: datetime, actor: User
) -> ShortPick:
    """The whole order is cancelled, by the rules there are for it; its stock is free again.

    Raises as `orders.deciding.cancel_by_seller` does.
    """
    order, locked = _lock(short)
    deciding.cancel_by_seller(order=order, reason=reason, now=now, actor=actor)
    _correct(locked, counted, now=now, actor=actor)
    for each in ShortPick.objects.filter(order=order, decided_at=None):
        shorts.settle(each, Decision.CANCEL, note=reason, now=now, actor=actor)
    locked.refresh_from_db()
    return locked


@transaction.atomic
def ask_for_change(
    *, short: ShortPick, note: str, counted: int | None, now: datetime, actor: User
) -> ShortPick:
    """The marketplace is asked, outside the portal, to change the order. Until it does the units
    stay promised, as while waiting for stock. Raises Conflict `invoiced`: then nothing can be
    changed any more."""
    order, locked = _lock(short)
    refusal = why_not_change(order)
    if refusal is not None:
        raise refusal
    _correct(locked, counted, now=now, actor=actor)
    return _settle(order, locked, Decision.CHANGE, note=note, now=now, actor=actor)


@transaction.atomic
def found(*, short: ShortPick, note: str, now: datetime, actor: User) -> ShortPick:
    """The units are there after all: they are to be picked as before."""
    order, locked = _lock(short)
    return _settle(order, locked, Decision.FOUND, note=note, now=now, actor=actor)


def why_not_change(order: Order) -> Conflict | None:
    """What rules out a change of the order by the marketplace's own rules."""
    if order.invoices.filter(voided_at=None).exists():
        return Conflict(
            "invoiced",
            _("Part of the order is invoiced: the marketplace changes such an order no more."),
        )
    if order.status not in modifying.CHANGEABLE:
        return Conflict("not-changeable", _("The order can't be changed now."))
    return None


def change_under_way(short: ShortPick) -> OrderChange | None:
    """A change that the marketplace has asked for already: deciding on it may settle this too."""
    return modifying.open_change(short.order)


def elsewhere(short: ShortPick, *, now: datetime) -> list[tuple[Warehouse, int]]:
    """Other warehouses that have all the missing units free, and how many."""
    free = stock.available(
        account_id=short.order.account_id, sku_ids=[short.line.sku_id], now=now
    ).get(short.line.sku_id, {})
    enough = {
        pk: units
        for pk, units in free.items()
        if units >= short.quantity and pk != short.warehouse_id
    }
    warehouses = Warehouse.objects.filter(pk__in=enough).order_by("priority", "code")
    return [(warehouse, enough[warehouse.pk]) for warehouse in warehouses]


def _lock(short: ShortPick) -> tuple[Order, ShortPick]:
    """The order's row first (races: two managers, a cancellation, a package closing).

    Raises Conflict `decided` when nobody has to decide any more.
    """
    order = moving.lock(order_id=short.order_id)
    rows = ShortPick.objects.open().select_related("line__sku", "warehouse")
    locked = rows.filter(pk=short.pk).first()
    if locked is None:
        raise Conflict("decided", _("This is decided already."))
    locked.order = order
    return order, locked


def _level(short: ShortPick, warehouse: Warehouse) -> StockLevel | None:
    return StockLevel.objects.filter(sku=short.line.sku_id, warehouse=warehouse).first()


def _require_level(short: ShortPick) -> StockLevel:
    return StockLevel.objects.get(sku=short.line.sku_id, warehouse=short.warehouse_id)


def _correct(short: ShortPick, counted: int | None, *, now: datetime, actor: User) -> None:
    """The shelf was counted: the books follow, down to what is promised and never below."""
    if counted is None:
        return
    sku_id, warehouse_id = short.line.sku_id, short.warehouse_id
    (level,) = stock.lock_shelves(sku_ids=[sku_id], warehouse_ids=[warehouse_id], now=now)
    away = units_away(warehouse_id=warehouse_id, sku_ids=[sku_id])[sku_id]
    change = max(level.held, counted + away) - level.on_hand
    if change:
        facts = {"order": short.order.marketplace_order_id, "counted": counted}
        stock.correct(
            sku_id=sku_id,
            warehouse_id=warehouse_id,
            on_hand_change=change,
            reason=_("Missing for order %(order)s; %(counted)d counted on the shelf") % facts,
            cause=f"short/{short.pk}",
            now=now,
            actor=actor,
        )


def _settle(
    order: Order,
    short: ShortPick,
    decision: ShortPick.Decision,
    *,
    note: str,
    now: datetime,
    actor: User,
) -> ShortPick:
    shorts.settle(short, decision, note=note, now=now, actor=actor)
    facts = {"item": f"{short.quantity} × {short.line.ref}", "note": short.note}
    kind = TimelineEntry.Kind.NOTE
    moving.record(order, kind=kind, code=f"short-{decision}", now=now, actor=actor, facts=facts)
    return short
