"""Units come off the shelf and into the slots of the orders that need them; or go back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from invoicing.models import Pick, PickGesture, PickList
from invoicing.picking import codes, lists, shorts
from invoicing.picking.gestures import Told
from invoicing.picking.needs import Need
from invoicing.picking.walks import Part, Row, Walk, walk_of
from sellers.errors import Conflict, DomainError, NotFound

#: One order's part, its line, and how many units it gets.
Share = tuple[Part, Need, int]


@transaction.atomic
def scan(*, pick_list: PickList, code: str, gesture: PickGesture, now: datetime) -> Told:
    """A code off the shelf: one unit, a case of them, or as many as `3*code` says, for whoever
    needs it first.

    Raises NotFound `unknown-code`, Conflict `wrong-item` and `too-many`; then nothing changed.
    """
    walk = _walk(pick_list, gesture)
    quantity, bare = codes.counted(code)
    known = codes.among((row.sku for row in walk.rows), bare)
    if known is None:
        raise _stranger(walk, bare)
    sku, units = known
    row = require_row(walk, sku.pk)
    return _take(walk, row, quantity * units, gesture=gesture, by_hand=False, now=now)


@transaction.atomic
def take(
    *, pick_list: PickList, sku_id: int, quantity: int | None, gesture: PickGesture, now: datetime
) -> Told:
    """The same without a barcode, confirmed by hand. No `quantity`: all that is left to pick."""
    walk = _walk(pick_list, gesture)
    row = require_row(walk, sku_id)
    return _take(walk, row, quantity or row.to_pick, gesture=gesture, by_hand=True, now=now)


def _walk(pick_list: PickList, gesture: PickGesture) -> Walk:
    return walk_of(lists.lock_own(pick_list, actor=gesture.actor))


def require_row(walk: Walk, sku_id: int) -> Row:
    """Raises NotFound when the list has no such SKU."""
    row = walk.row_of(sku_id)
    if row is None:
        raise NotFound("not-on-list", _("This is not on the list."))
    return row


def _take(
    walk: Walk, row: Row, quantity: int, *, gesture: PickGesture, by_hand: bool, now: datetime
) -> Told:
    again = quantity - row.to_pick
    if quantity < 1 or again > row.missing:
        raise _too_many(row, quantity)
    if again > 0:
        shorts.found_again(row, again, now=now, actor=gesture.actor)
    shares = list(_shares(row.parts, quantity))
    Pick.objects.bulk_create(
        Pick(slot=part.slot, line=need.line, quantity=units, by_hand=by_hand, gesture=gesture)
        for part, need, units in shares
    )
    lists.go_on(walk.pick_list, now=now)
    return _told(walk, row, shares)


def _shares(parts: Iterable[Part], quantity: int) -> Iterator[Share]:
    """The units dealt out: the lowest slot first; what was missing until now comes last."""
    needs = [(part, need) for part in parts for need in part.needs]
    wants = [(part, need, need.to_pick) for part, need in needs]
    wants += [(part, need, need.missing) for part, need in needs]
    for part, need, wanted in wants:
        units = min(wanted, quantity)
        if units:
            quantity -= units
            yield part, need, units


def _told(walk: Walk, row: Row, shares: Iterable[Share]) -> Told:
    slots: dict[int, int] = {}
    for part, _need, units in shares:
        slots[part.slot.number] = slots.get(part.slot.number, 0) + units
    units = sum(slots.values())
    facts = {"picked": row.picked + units, "of": max(row.total, row.picked + units)}
    done = units >= walk.to_pick
    text = _("%(picked)d of %(of)d: %(name)s") % (facts | {"name": row.sku.name})
    return Told(
        text=_("Everything is picked.") if done else text,
        tone="done" if done else "right",
        slots=list(slots.items()),
        sku_id=row.sku.pk,
    )


def _too_many(row: Row, quantity: int) -> DomainError:
    if quantity < 1:
        return DomainError("quantity-not-positive", _("The quantity must be one or more."))
    facts = {"left": row.to_pick, "name": row.sku.name, "quantity": quantity}
    if row.to_pick == 0:
        message = _("“%(name)s” is complete. This one is too many: put it back.")
    else:
        message = ngettext(
            "Only one more of “%(name)s” is needed, not %(quantity)d.",
            "Only %(left)d more of “%(name)s” are needed, not %(quantity)d.",
            row.to_pick,
        )
    return Conflict("too-many", message % facts)


def _stranger(walk: Walk, code: str) -> DomainError:
    account = walk.pick_list.warehouse.account_id
    known = codes.with_code(code, account_ids=[account])
    if known is None:
        return NotFound(
            "unknown-code", _("Nothing here has the code “%(code)s”.") % {"code": code[:60]}
        )
    expected = walk.ahead[0] if walk.ahead else None
    facts = {"name": known[0].name, "bin": expected.sku.bin_location if expected else ""}
    if expected is None:
        message = _("“%(name)s” is not on this list.")
    else:
        facts["expected"] = expected.sku.name
        message = _("“%(name)s” is not on this list.\nNext is %(bin)s: “%(expected)s”.")
    return Conflict("wrong-item", message % facts)


@transaction.atomic
def undo(*, pick_list: PickList, gesture: PickGesture, now: datetime) -> Told:
    """What this picker did last on the list did not happen. Raises Conflict `nothing-to-undo`."""
    locked = lists.lock_own(pick_list, actor=gesture.actor)
    last = (
        locked.gestures.filter(actor=gesture.actor, undone_at=None)
        .exclude(picks=None)
        .order_by("-pk")
        .first()
    )
    if last is None:
        raise Conflict("nothing-to-undo", _("There is nothing to undo."))
    last.undone_at = now
    last.save(update_fields=["undone_at"])
    picks = list(last.picks.select_related("line__sku", "slot").order_by("pk"))
    units = sum(pick.quantity for pick in picks)
    facts = {"quantity": abs(units), "name": picks[0].line.sku.name}
    return Told(
        _("Undone: %(quantity)d × %(name)s") % facts,
        slots=[(pick.slot.number, -pick.quantity) for pick in picks],
        sku_id=picks[0].line.sku_id,
    )


@transaction.atomic
def put_back(*, pick_list: PickList, sku_id: int, gesture: PickGesture) -> Told:
    """What was picked for cancelled or changed orders lies on its shelf again."""
    row = require_row(_walk(pick_list, gesture), sku_id)
    Pick.objects.bulk_create(
        Pick(
            slot=part.slot,
            line=need.line,
            quantity=-need.to_put_back,
            by_hand=True,
            gesture=gesture,
        )
        for part in row.parts
        for need in part.needs
        if need.to_put_back
    )
    facts = {"quantity": row.to_put_back, "name": row.sku.name}
    return Told(_("Put back: %(quantity)d × %(name)s") % facts, sku_id=sku_id)
