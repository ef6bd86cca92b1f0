"""A count by scanning: begun, counted, handed in, recorded in the books in one transaction.

The books move by the difference that was seen when a shelf was counted, so what is picked, packed
or sold meanwhile stays right. They never fall below what is promised to orders.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from invoicing.models import CountedSku, CountGesture, StockCount
from invoicing.picking import codes
from invoicing.picking.away import Shelf, shelves_of
from sellers import stock
from sellers.errors import Conflict, DomainError, NotFound
from sellers.models import Sku, User, Warehouse

#: What a shelf can hold; a larger number is a slip.
MOST = 1_000_000


@dataclass(frozen=True)
class Told:
    """What the counter sees and hears."""

    text: str
    tone: str = "info"
    sku_id: int | None = None


@dataclass(frozen=True)
class Effect:
    """What recording a counted SKU does: on hand from `before` to `after`. `uncovered` units are
    promised to orders and were not found: the books stay at what is promised."""

    sku: Sku
    before: int
    after: int
    uncovered: int


def begin(*, warehouse: Warehouse, bin_location: str, now: datetime, actor: User) -> StockCount:
    """A count of the shelves whose places begin with `bin_location`; none given: anywhere."""
    return StockCount.objects.create(
        warehouse=warehouse, bin=bin_location.strip()[:40], owner=actor, started_at=now
    )


def lock(stock_count: StockCount) -> StockCount:
    """The count, with its row held (races: two scans at once, a scan and the recording).

    Held before any stock level. Raises Conflict `over`.
    """
    rows = StockCount.objects.select_for_update(of=("self",)).select_related("warehouse", "owner")
    locked = rows.get(pk=stock_count.pk)
    if locked.is_over:
        raise Conflict("over", _("This count is over. Begin a new one."))
    return locked


@transaction.atomic
def once(
    *,
    stock_count: StockCount,
    key: str,
    action: str,
    now: datetime,
    actor: User,
    act: Callable[[StockCount], Told],
) -> Told:
    """Do `act` on the locked count and remember its answer under `key`; a repeat gets that answer,
    nothing happens. What `act` raises leaves nothing behind. Raises Conflict `over`."""
    done = CountGesture.objects.filter(stock_count=stock_count, key=key).first()
    if done is None:
        locked = lock(stock_count)
        done = CountGesture.objects.filter(stock_count=locked, key=key).first()
    if done is not None:
        return Told(**done.answer)
    told = act(locked)
    CountGesture.objects.create(
        stock_count=locked, key=key, action=action, answer=asdict(told), actor=actor, at=now
    )
    return told


# Counting; each on a locked count


def scan(*, stock_count: StockCount, code: str, now: datetime) -> Told:
    """One unit more of what was scanned, a case of it, or as many as `3*code` says.

    Raises NotFound `unknown-code`; Conflict `wrong-place` for what strayed here from another
    shelf: a count here would write off its units there.
    """
    quantity, bare = codes.counted(code)
    known = codes.with_code(bare, account_ids=[stock_count.warehouse.account_id])
    if known is None:
        raise NotFound(
            "unknown-code", _("Nothing here has the code “%(code)s”.") % {"code": bare[:60]}
        )
    sku, units = known
    _require_here(stock_count, sku)
    before = stock_count.counted.filter(sku=sku).first()
    return _keep(stock_count, sku, (before.units if before else 0) + quantity * units, now=now)


def _require_here(stock_count: StockCount, sku: Sku) -> None:
    place, here = sku.bin_location.casefold(), stock_count.bin.casefold()
    if place and not place.startswith(here):
        facts = {"name": sku.name, "bin": sku.bin_location}
        raise Conflict("wrong-place", _("“%(name)s” belongs to %(bin)s, not here.") % facts)


def put(*, stock_count: StockCount, sku_id: int, units: int, now: datetime) -> Told:
    """So many units lie there, whatever was scanned before."""
    account = stock_count.warehouse.account_id
    sku = Sku.objects.filter(pk=sku_id, account=account).first()
    if sku is None:
        raise NotFound("unknown-sku", _("There is no such item."))
    return _keep(stock_count, sku, units, now=now)


def _keep(stock_count: StockCount, sku: Sku, units: int, *, now: datetime) -> Told:
    if units > MOST:
        raise DomainError("too-many-units", _("That is more than any shelf can hold."))
    shelf = shelves_of(warehouse_id=stock_count.warehouse_id, sku_ids=[sku.pk])[sku.pk]
    values = {"units": units, "expected": shelf.expected, "at": now}
    CountedSku.objects.update_or_create(stock_count=stock_count, sku=sku, defaults=values)
    StockCount.objects.filter(pk=stock_count.pk).update(handed_in_at=None)
    facts = {"units": units, "name": sku.name}
    return Told(_("%(units)d: %(name)s") % facts, tone="right", sku_id=sku.pk)


def forget(*, stock_count: StockCount, sku_id: int) -> Told:
    """The item was not counted after all."""
    stock_count.counted.filter(sku=sku_id).delete()
    return Told(_("Not counted."))


def hand_in(*, stock_count: StockCount, now: datetime) -> Told:
    """Counted, and for a manager to record. Raises Conflict `nothing-counted`."""
    _require_some(stock_count)
    stock_count.handed_in_at = now
    stock_count.save(update_fields=["handed_in_at"])
    return Told(_("Handed in. A manager records it."), tone="done")


def drop(*, stock_count: StockCount, now: datetime) -> Told:
    """The count is thrown away; the books stay as they are."""
    stock_count.dropped_at = now
    stock_count.save(update_fields=["dropped_at"])
    return Told(_("The count was dropped."))


# Recording


def effects_of(stock_count: StockCount) -> list[Effect]:
    """What recording the count would do by now, SKU by SKU."""
    counted = list(stock_count.counted.select_related("sku").order_by("pk"))
    shelves = shelves_of(
        warehouse_id=stock_count.warehouse_id, sku_ids=[row.sku_id for row in counted]
    )
    return [_effect(row, shelves[row.sku_id]) for row in counted]


def _effect(row: CountedSku, shelf: Shelf) -> Effect:
    wanted = shelf.on_hand + row.difference
    after = max(wanted, shelf.held)
    return Effect(row.sku, before=shelf.on_hand, after=after, uncovered=after - wanted)


def record(*, stock_count: StockCount, now: datetime, actor: User) -> Told:
    """Every difference into the books, all or nothing. Raises Conflict `nothing-counted`."""
    _require_some(stock_count)
    ids = list(stock_count.counted.values_list("sku", flat=True))
    # All shelves at once (race: orders take and give units of them while it is recorded).
    stock.lock_shelves(sku_ids=ids, warehouse_ids=[stock_count.warehouse_id], now=now)
    effects = effects_of(stock_count)
    for effect in sorted(effects, key=lambda effect: effect.sku.pk):
        if effect.after != effect.before:
            stock.count(
                sku_id=effect.sku.pk,
                warehouse_id=stock_count.warehouse_id,
                counted=effect.after,
                cause=f"count/{stock_count.pk}",
                note=_note(stock_count, effect),
                now=now,
                actor=actor,
            )
    stock_count.recorded_at, stock_count.recorded_by = now, actor
    stock_count.save(update_fields=["recorded_at", "recorded_by"])
    changed = sum(effect.after != effect.before for effect in effects)
    facts = {"changed": changed, "counted": len(effects)}
    return Told(
        _("Recorded: %(counted)d items counted, %(changed)d corrected.") % facts, tone="done"
    )


def _note(stock_count: StockCount, effect: Effect) -> str:
    owner = stock_count.owner
    who = owner.get_full_name() or owner.get_username()
    facts = {"count": str(stock_count), "who": who, "units": effect.uncovered}
    if effect.uncovered:
        return _("%(count)s by %(who)s; %(units)d promised units were not found") % facts
    return _("%(count)s by %(who)s") % facts


def _require_some(stock_count: StockCount) -> None:
    if not stock_count.counted.exists():
        raise Conflict("nothing-counted", _("Nothing is counted yet."))
