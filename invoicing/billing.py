"""What one package's invoice is worth, to the cent. Pure, except for `bill_of` at the end.

A line is worth goods − discount + services + freight. A package takes its units' share of each,
counted from the units invoiced before it, so that the parts of a line always add up to the line
whatever the order of packing. The invoice that completes the order takes exactly what is left of
what the marketplace pays: VTEX moves an order to invoiced only when its invoices add up to that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from django.db.models import Sum
from django.utils.translation import gettext as _

from invoicing.models import Invoice, InvoiceLine, Package
from orders.models import OrderLine
from sellers.errors import DomainError
from sellers.money import Cents, split


@dataclass(frozen=True)
class LineMoney:
    """One order line as placed: its units and what the marketplace pays for all of them."""

    index: int
    quantity: int
    goods: Cents
    discount: Cents = 0
    services: Cents = 0
    freight: Cents = 0


@dataclass(frozen=True)
class Part:
    """`quantity` units of a line in the package at hand; `before` were invoiced already."""

    line: LineMoney
    before: int
    quantity: int


@dataclass(frozen=True)
class Share:
    """The arithmetic of one line of an invoice, as it is shown to people."""

    part: Part
    goods: Cents
    discount: Cents
    services: Cents
    freight: Cents

    @property
    def total(self) -> Cents:
        return self.goods - self.discount + self.services + self.freight


@dataclass(frozen=True)
class Bill:
    """`value` is Σ share totals + `adjustment`; `closing` says it completes the order."""

    shares: tuple[Share, ...]
    adjustment: Cents
    closing: bool

    @property
    def value(self) -> Cents:
        return sum(share.total for share in self.shares) + self.adjustment

    def line_values(self) -> dict[int, Cents]:
        """Exact cents by line index; the adjustment is the largest line's."""
        values = {share.part.line.index: share.total for share in self.shares}
        if self.adjustment:
            values[max(values, key=lambda index: values[index])] += self.adjustment
        return values


def bill(parts: Sequence[Part], *, pays: Cents, invoiced: Cents, units_outside: int) -> Bill:
    """The invoice for `parts`, when the marketplace pays `pays` and `invoiced` went before.

    `units_outside` are the order's units that are neither invoiced nor in this package. Each of
    them keeps a cent in reserve where the order can afford it, since no invoice may be worth less.
    Raises DomainError (`empty-package`, `nothing-left`) when no invoice of a cent or more exists.
    """
    if not parts:
        raise DomainError("empty-package", _("The package is empty."))
    shares = tuple(share_of(part) for part in parts)
    asked, left = sum(share.total for share in shares), pays - invoiced
    value = left if units_outside == 0 else min(max(asked, 1), _most(left, units_outside))
    if value < 1:
        raise DomainError(
            "nothing-left",
            _(
                "No cent is left for this invoice: of %(pays)d cents the marketplace pays, "
                "%(invoiced)d are invoiced. Pack what remains into one package."
            )
            % {"pays": pays, "invoiced": invoiced},
        )
    return Bill(shares=shares, adjustment=value - asked, closing=units_outside == 0)


def _most(left: Cents, units_outside: int) -> Cents:
    """The most an invoice may take that does not complete the order."""
    return left - units_outside if left > units_outside else left - 1


def share_of(part: Part) -> Share:
    """The part's share of each component of its line."""
    line = part.line
    goods, discount, services, freight = (
        _between(total, part) for total in (line.goods, line.discount, line.services, line.freight)
    )
    return Share(part, goods=goods, discount=discount, services=services, freight=freight)


def _between(total: Cents, part: Part) -> Cents:
    units, upto = part.line.quantity, part.before + part.quantity
    return _first(total, upto, units) - _first(total, part.before, units)


def _first(total: Cents, count: int, units: int) -> Cents:
    """What the first `count` of `units` are worth; all of them are worth `total`."""
    return split(total, [count, units - count])[0]


def unit_price(lines: Sequence[LineMoney]) -> Cents:
    """Goods less discounts per unit over `lines` of one SKU, rounded half up: VTEX multiplies it.

    The invoice's value stays exact beside it.
    """
    units = sum(line.quantity for line in lines)
    paid = sum(line.goods - line.discount for line in lines)
    return max((2 * paid + units) // (2 * units), 0)


def money_of(line: OrderLine, *, with_freight: bool = True) -> LineMoney:
    return LineMoney(
        index=line.index,
        quantity=line.quantity,
        goods=line.items_cents,
        discount=line.discount_cents,
        services=line.services_cents,
        freight=line.freight_cents if with_freight else 0,
    )


def bill_of(package: Package) -> Bill:
    """What closing `package` now would invoice. Raises as `bill` does."""
    order = package.order
    lines = {line.pk: line for line in order.lines.all()}
    with_freight = order.account.invoices_carry_freight
    left_out = 0 if with_freight else sum(line.freight_cents for line in lines.values())
    sold = Invoice.objects.filter(order=order, kind=Invoice.Kind.OUTPUT, voided_at=None)
    before = dict(
        InvoiceLine.objects.filter(invoice__in=sold)
        .values_list("line")
        .annotate(units=Sum("quantity"))
        .order_by("line")
    )
    parts = [
        Part(
            money_of(lines[item.line_id], with_freight=with_freight),
            before.get(item.line_id, 0),
            item.quantity,
        )
        for item in package.items.all()
    ]
    ordered = sum(line.quantity for line in lines.values())
    return bill(
        sorted(parts, key=lambda part: part.line.index),
        pays=order.payment_value_cents - left_out,
        invoiced=sold.aggregate(cents=Sum("value_cents"))["cents"] or 0,
        units_outside=ordered - sum(before.values()) - sum(part.quantity for part in parts),
    )


@dataclass(frozen=True)
class WireItem:
    """A row of the invoice as the marketplace reads it: one per SKU."""

    ref: str
    quantity: int
    price: Cents
    description: str


def wire_items(packed: Sequence[tuple[OrderLine, int]]) -> list[WireItem]:
    """The same SKU on two lines becomes one row: quantity summed, unit price rounded."""
    rows = sorted(packed, key=lambda row: (row[0].ref, row[0].index))
    items = []
    for ref, group in groupby(rows, key=lambda row: row[0].ref):
        same = list(group)
        items.append(
            WireItem(
                ref=ref,
                quantity=sum(quantity for _line, quantity in same),
                price=unit_price([money_of(line) for line, _quantity in same]),
                description=same[0][0].name,
            )
        )
    return items
