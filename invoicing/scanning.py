"""What a scanned or typed code means at the packing table of one order."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.db.models import F, Q
from django.utils.translation import gettext as _

from invoicing import contents
from invoicing.printing.codes import read_package_code
from orders import states
from orders.models import Order, OrderLine
from sellers.errors import Conflict, NotFound
from sellers.models import Sku

_COUNTED = re.compile(r"(\d{1,4})[*×](.+)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
#: Typed, or as barcodes on a sheet; a SKU of the order with such a code wins.
COMMANDS = {"n": "new", "c": "close", "u": "undo"}


@dataclass(frozen=True)
class Item:
    """`quantity` units of a line of this order."""

    line: OrderLine
    quantity: int


@dataclass(frozen=True)
class Command:
    name: str


@dataclass(frozen=True)
class OtherOrder:
    order: Order


@dataclass(frozen=True)
class SameOrder:
    pass


Reading = Item | Command | OtherOrder | SameOrder


def clean(code: str) -> str:
    """Without what scanners add: control characters, and space around."""
    return _CONTROL.sub("", code).strip()


def read(*, order: Order, code: str) -> Reading:
    """What `code` stands for: EAN, reference code, SKU id (`3*code` for three), order id, command.

    Raises NotFound `unknown-code`, Conflict `wrong-item` for a SKU that is not in the order (naming
    an order that waits for it), Conflict `too-many` when the order needs no more of it.
    """
    code = clean(code)
    counted = _COUNTED.fullmatch(code)
    quantity, bare = (int(counted[1]), counted[2].strip()) if counted else (1, code)
    lines = _lines_with(order, bare)
    if lines:
        return Item(_wanting(order, lines), quantity)
    if code.lower() in COMMANDS:
        return Command(COMMANDS[code.lower()])
    other = order_with_id(order, code)
    if other:
        return SameOrder() if other.pk == order.pk else OtherOrder(other)
    raise _stranger(order, bare)


def _matches(code: str, prefix: str = "") -> Q:
    return (
        Q(**{f"{prefix}ean": code}) | Q(**{f"{prefix}ref": code}) | Q(**{f"{prefix}ref_code": code})
    )


def _lines_with(order: Order, code: str) -> list[OrderLine]:
    if not code:
        return []
    found = order.lines.filter(_matches(code, "sku__") | Q(ref=code), quantity__gt=0)
    return list(found.order_by("index"))


def _wanting(order: Order, lines: list[OrderLine]) -> OrderLine:
    """The first of these lines that is not complete; complete ones all, the last: `put` refuses."""
    left = contents.remaining(order)
    return next((line for line in lines if left[line.pk]), lines[-1])


def order_with_id(order: Order, code: str) -> Order | None:
    """An order of the same account by either of its ids, or by the label of one of its boxes."""
    if not code:
        return None
    label = read_package_code(code)
    ids = Q(marketplace_order_id=code) | Q(seller_order_id=label[0] if label else code.upper())
    return Order.objects.filter(ids, account=order.account_id).first()


def _stranger(order: Order, code: str) -> Conflict | NotFound:
    sku = Sku.objects.filter(_matches(code), account=order.account_id).first() if code else None
    if sku is None:
        return NotFound(
            "unknown-code", _("Nothing here has the code “%(code)s”.") % {"code": code[:60]}
        )
    waiting = (
        Order.objects.filter(lines__sku=sku, status__in=states.OPEN)
        .exclude(pk=order.pk)
        .order_by(F("due_at").asc(nulls_last=True), "pk")
        .first()
    )
    if waiting is None:
        message = _("“%(name)s” is not in this order.") % {"name": sku.name}
    else:
        message = _("“%(name)s” is not in this order. Order %(order)s waits for it.") % {
            "name": sku.name,
            "order": waiting.marketplace_order_id,
        }
    return Conflict("wrong-item", message)
