"""What a scanned or typed code means at the packing table of one order."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext as _

from invoicing import commands, contents, nfe
from invoicing.models import PickSlot
from invoicing.printing.codes import read_package_code
from orders import states
from orders.models import Order, OrderLine
from sellers.errors import Conflict, DomainError, NotFound
from sellers.models import CaseBarcode, Sku

_COUNTED = re.compile(r"(\d{1,4})[*×](.+)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
#: No order has this many units of a line; a larger number is a slip.
_MOST = 99_999

Units = tuple[tuple[OrderLine, int], ...]


@dataclass(frozen=True)
class Items:
    """Units of this order's lines: of one line, or of several with the same SKU."""

    units: Units


@dataclass(frozen=True)
class Command:
    name: str


@dataclass(frozen=True)
class Paper:
    """The access key off a printed invoice: the package at hand is closed with it."""

    key: str


@dataclass(frozen=True)
class OtherOrder:
    order: Order


@dataclass(frozen=True)
class SameOrder:
    pass


Reading = Items | Command | Paper | OtherOrder | SameOrder


class Stray(Conflict):
    """An item that does not belong here; `sku` tells the record which one it was."""

    def __init__(self, code: str, message: str, *, sku: Sku) -> None:
        super().__init__(code, message)
        self.sku = sku


def clean(code: str) -> str:
    """Without what scanners add: control characters, and space around."""
    return _CONTROL.sub("", code).strip()


def read(*, order: Order, code: str, times: int = 1) -> Reading:
    """What `code` stands for: EAN, reference code, SKU id, case barcode (`3*code`, or `times`, for
    three of them), order id, command, or an invoice's access key.

    Raises NotFound `unknown-code`, DomainError `bad-access-key` for a key that was misread, and
    Stray `wrong-item` for a SKU that is not in the order, naming an order that waits for it.
    """
    code = clean(code)
    counted = _COUNTED.fullmatch(code)
    typed, bare = (int(counted[1]), counted[2].strip()) if counted else (1, code)
    quantity = min(typed * times, _MOST)
    lines, units = lines_with(order, bare)
    if lines:
        return Items(_spread(order, lines, quantity * units))
    if command := commands.named(code):
        return Command(command)
    if nfe.is_meant(code):
        return Paper(nfe.parse(code).text)
    other = order_with_id(order, code)
    if other:
        return SameOrder() if other.pk == order.pk else OtherOrder(other)
    raise _stranger(order, bare)


def _matches(code: str, prefix: str = "") -> Q:
    return (
        Q(**{f"{prefix}ean": code}) | Q(**{f"{prefix}ref": code}) | Q(**{f"{prefix}ref_code": code})
    )


def lines_with(order: Order, code: str) -> tuple[list[OrderLine], int]:
    """The order's lines of the item with this code, and how many units one scan stands for."""
    if not code:
        return [], 1
    wanted = order.lines.filter(quantity__gt=0).select_related("sku").order_by("index")
    single = list(wanted.filter(_matches(code, "sku__") | Q(ref=code)))
    if single:
        return single, 1
    case = CaseBarcode.objects.filter(barcode=code, sku__order_lines__order=order).first()
    return (list(wanted.filter(sku=case.sku_id)), case.units) if case else ([], 1)


def _spread(order: Order, lines: list[OrderLine], quantity: int) -> Units:
    """Line by line until they are complete; what no line wants stays on the last: `put` refuses."""
    left = contents.remaining(order)
    found: list[tuple[OrderLine, int]] = []
    for line in lines:
        units = min(quantity, left[line.pk])
        if units:
            found.append((line, units))
            quantity -= units
    if quantity:
        line, units = found.pop() if found else (lines[-1], 0)
        found.append((line, units + quantity))
    return tuple(found)


def order_with_id(order: Order, code: str) -> Order | None:
    """An order of the same account by either of its ids, or by the label of one of its boxes."""
    if not code:
        return None
    label = read_package_code(code)
    ids = Q(marketplace_order_id=code) | Q(seller_order_id=label[0] if label else code.upper())
    return Order.objects.filter(ids, account=order.account_id).first()


def _stranger(order: Order, code: str) -> DomainError:
    sku = sku_with(order.account_id, code)
    if sku is None:
        return NotFound(
            "unknown-code", _("Nothing here has the code “%(code)s”.") % {"code": code[:60]}
        )
    said = [_("“%(name)s” is not in this order.") % {"name": sku.name}, *_whither(order, sku)]
    return Stray("wrong-item", " ".join([*said, *_missing(order)]), sku=sku)


def sku_with(account_id: int, code: str) -> Sku | None:
    """The account's item with this code, be it on the item itself or on a case of it."""
    if not code:
        return None
    skus = Sku.objects.filter(account=account_id)
    return skus.filter(_matches(code)).first() or skus.filter(case_barcodes__barcode=code).first()


def _whither(order: Order, sku: Sku) -> Iterable[str]:
    """Which order waits for it, one picked in the same walk first, and in which tote that lies."""
    walk = PickSlot.objects.filter(order=order).order_by("-pk").values("pick_list")[:1]
    beside = PickSlot.objects.filter(order=OuterRef("pk"), pick_list__in=walk)
    waiting = (
        Order.objects.filter(lines__sku=sku, status__in=states.OPEN)
        .exclude(pk=order.pk)
        .annotate(is_beside=Exists(beside))
        .order_by("-is_beside", F("due_at").asc(nulls_last=True), "pk")
        .first()
    )
    if waiting is None:
        return
    facts = {"order": waiting.marketplace_order_id}
    slots = PickSlot.objects.filter(order=waiting).select_related("pick_list")
    slot = slots.order_by("-pk").first()
    if slot is None:
        yield _("Order %(order)s waits for it.") % facts
    elif slot.tote:
        yield _("Order %(order)s waits for it, tote %(tote)s.") % (facts | {"tote": slot.tote})
    else:
        place = {"number": slot.number, "list": str(slot.pick_list)}
        yield _("Order %(order)s waits for it, slot %(number)d of %(list)s.") % (facts | place)


def _missing(order: Order) -> Iterable[str]:
    """What the packer should have in hand instead."""
    left = contents.remaining(order)
    names = [f"“{line.name}”" for line in order.lines.order_by("index") if left[line.pk]]
    if not names:
        return
    facts = {"names": ", ".join(names[:2]), "more": len(names) - 2}
    if len(names) > 2:
        yield _("Still to pack: %(names)s and %(more)d more.") % facts
    else:
        yield _("Still to pack: %(names)s.") % facts
