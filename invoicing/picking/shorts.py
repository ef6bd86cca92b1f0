"""Short picks: units that are not where the books have them, put before a manager.

`open_shorts` is what waits for a decision; `invoicing.picking.deciding` makes it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from invoicing.models import PickGesture, PickList, ShortPick
from invoicing.picking import lists
from invoicing.picking.gestures import Told
from invoicing.picking.walks import Row, walk_of
from orders import flagging, moving, short_reasons
from orders.models import Order, OrderLine
from orders.short_reasons import ShortReason
from sellers.errors import Conflict, DomainError, NotFound
from sellers.models import User, Warehouse

Decision = ShortPick.Decision
#: On the order's timeline.
CODE = "short-pick"
#: So many missing items are named on the packing table, which has room for no more.
_NAMED = 3


def open_shorts() -> list[ShortPick]:
    """What waits for a manager's decision, the oldest first, with all that its sentence needs."""
    rows = ShortPick.objects.open().select_related(
        "order__account", "line__sku", "warehouse", "reported_by"
    )
    return list(rows.order_by("reported_at", "pk"))


def told(short: ShortPick) -> str:
    """What happened, in one sentence for staff."""
    facts = {
        "quantity": short.quantity,
        "name": short.line.sku.name,
        "warehouse": short.warehouse.name,
        "bin": short.line.sku.bin_location or "–",
        "reason": short_reasons.told(short.reason, short.words),
    }
    return _("%(quantity)d × %(name)s missing in %(warehouse)s, %(bin)s: %(reason)s") % facts


@transaction.atomic
def report_on_list(
    *,
    pick_list: PickList,
    sku_id: int,
    quantity: int | None,
    reason: str,
    words: str,
    gesture: PickGesture,
    now: datetime,
) -> Told:
    """`quantity` units of a SKU (none given: all that are left to pick) are not there.

    The orders of the last slots go without; each is put before a manager and the walk goes on.
    Raises DomainError `reason-missing`, `quantity-not-positive`, Conflict `too-many`.
    """
    walk = walk_of(lists.lock_own(pick_list, actor=gesture.actor))
    row = walk.row_of(sku_id)
    if row is None:
        raise NotFound("not-on-list", _("This is not on the list."))
    wanted = row.to_pick if quantity is None else quantity
    _require_possible(wanted, row.to_pick)
    without = list(_last_ones(row, wanted))
    # All their orders at once and in id order (race: somebody else starts a list with them).
    moving.lock_all(order_ids={line.order_id for line, _units in without})
    for line, units in without:
        report(
            order=line.order,
            line=line,
            warehouse=walk.pick_list.warehouse,
            quantity=units,
            reason=reason,
            words=words,
            now=now,
            actor=gesture.actor,
        )
    lists.go_on(walk.pick_list, now=now)
    facts = {"quantity": wanted, "name": row.sku.name}
    text = ngettext(
        "%(quantity)d × %(name)s is missing: a manager is told.",
        "%(quantity)d × %(name)s are missing: a manager is told.",
        wanted,
    )
    return Told(text % facts, sku_id=sku_id)


def _require_possible(quantity: int, most: int) -> None:
    if quantity < 1:
        raise DomainError("quantity-not-positive", _("The quantity must be one or more."))
    if quantity > most:
        facts = {"left": most}
        message = ngettext(
            "Only one unit is left to pick.", "Only %(left)d units are left to pick.", most
        )
        raise Conflict("too-many", message % facts)


def _last_ones(row: Row, quantity: int) -> Iterable[tuple[OrderLine, int]]:
    """Who goes without: the orders that are due last."""
    for part in reversed(row.parts):
        for need in reversed(part.needs):
            units = min(need.to_pick, quantity)
            if units:
                quantity -= units
                yield need.line, units


@transaction.atomic
def report(
    *,
    order: Order,
    line: OrderLine,
    warehouse: Warehouse,
    quantity: int,
    reason: str,
    words: str,
    now: datetime,
    actor: User,
) -> ShortPick:
    """Put missing units of a line before a manager; more of the same are added to what is open.

    Raises DomainError `reason-missing` when no reason is chosen, or `other` without words.
    """
    words = words.strip()[:300]
    if reason not in ShortReason.values or (reason == ShortReason.OTHER and not words):
        raise DomainError("reason-missing", _("Say why the units are missing."))
    locked = moving.lock(order_id=order.pk)
    known = ShortPick.objects.filter(line=line, warehouse=warehouse, decided_at=None).first()
    short = known or ShortPick(order=locked, line=line, warehouse=warehouse, quantity=0)
    short.quantity += quantity
    short.line_quantity, short.reason, short.words = line.quantity, reason, words
    short.reported_at, short.reported_by = now, actor
    short.save()
    facts = {
        "short": [{"sku": line.ref, "asked": line.quantity, "available": line.quantity - quantity}],
        "short_reason": reason,
        "short_words": words,
    }
    flagging.raise_to_staff(locked, code=CODE, now=now, facts=facts)
    return short


def found_again(row: Row, quantity: int, *, now: datetime, actor: User) -> None:
    """So many of a row's missing units are there after all: nobody has to decide about them."""
    lines = {need.line.pk: need.missing for part in row.parts for need in part.needs}
    slot = row.parts[0].slot
    for line, missing in lines.items():
        shorts = ShortPick.objects.filter(line=line, warehouse=slot.warehouse_id).missing()
        for short in shorts.order_by("pk"):
            units = min(short.quantity, missing, quantity)
            quantity, missing = quantity - units, missing - units
            _lower(short, units, now=now, actor=actor)


def _lower(short: ShortPick, units: int, *, now: datetime, actor: User) -> None:
    if units == short.quantity:
        settle(short, Decision.FOUND, note="", now=now, actor=actor)
    elif units:
        short.quantity -= units
        short.save(update_fields=["quantity"])


def settle(
    short: ShortPick, decision: ShortPick.Decision, *, note: str, now: datetime, actor: User
) -> None:
    """Write down what became of it; the order's flag falls with its last open short pick."""
    short.decision, short.note = decision, note.strip()[:300]
    short.decided_at, short.decided_by = now, actor
    short.save(update_fields=["decision", "note", "decided_at", "decided_by"])
    if not ShortPick.objects.open().filter(order=short.order_id).exists():
        order = moving.lock(order_id=short.order_id)
        flagging.settle_problem(order, code=CODE, now=now, actor=actor)


def why_not_close(order: Order) -> DomainError | None:
    """Nothing is invoiced while a manager decides about missing units: an invoice would leave them
    fewer ways out. None when nobody has to."""
    rows = ShortPick.objects.open().filter(order=order).select_related("line__sku")
    missing = list(rows.order_by("reported_at", "pk"))
    if not missing:
        return None
    named = ", ".join(f"{short.quantity} × “{short.line.sku.name}”" for short in missing[:_NAMED])
    if len(missing) > _NAMED:
        more = {"named": named, "count": len(missing) - _NAMED}
        named = _("%(named)s and %(count)d more") % more
    message = ngettext(
        "%(named)s is missing: a manager decides before anything leaves.",
        "%(named)s are missing: a manager decides before anything leaves.",
        sum(short.quantity for short in missing),
    )
    return Conflict("short", message % {"named": named})
