"""What packages are worth and how that comes about, as text; for those who may see money."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from django.utils.translation import gettext as _

from invoicing import billing
from invoicing.models import Invoice, Package, PackageItem
from orders import gaps
from orders.models import Order, OrderLine
from sellers.errors import DomainError
from sellers.money import format_cents


@dataclass(frozen=True)
class MoneyRow:
    """One line of the arithmetic, as text; `parts` are the amounts that make the total."""

    name: str
    units: str
    parts: list[tuple[str, str]]
    total: str


@dataclass(frozen=True)
class Worth:
    """What a package is worth and why; only for those who may see money."""

    value: str
    rows: list[MoneyRow]
    adjustment: str
    closing: bool


def worth_of(package: Package, items: list[PackageItem], invoice: Invoice | None) -> Worth | None:
    """What was invoiced, else what closing would invoice; None when nothing could be."""
    currency = package.order.account.currency
    if invoice is not None:
        return Worth(
            value=format_cents(invoice.value_cents, currency), rows=[], adjustment="", closing=False
        )
    try:
        bill = billing.bill_of(package)
    except DomainError:
        return None
    plain = partial(_bare, currency=currency)
    names = {item.line.index: item.line.name for item in items}
    return Worth(
        value=format_cents(bill.value, currency),
        rows=[_row(share, names[share.part.line.index], plain) for share in bill.shares],
        adjustment=plain(bill.adjustment) if bill.adjustment else "",
        closing=bill.closing,
    )


def _bare(cents: int, currency: str) -> str:
    """Without the currency, which a column needs only once."""
    sign = "−" if cents < 0 else ""
    return sign + format_cents(abs(cents), currency).rpartition(" ")[2]


def _row(share: billing.Share, name: str, money: Callable[[int], str]) -> MoneyRow:
    parts = [
        (_("Goods"), share.goods),
        (_("Discount"), -share.discount),
        (_("Services"), share.services),
        (_("Freight"), share.freight),
    ]
    return MoneyRow(
        name=name,
        units=f"{share.part.quantity}/{share.part.line.quantity}",
        parts=[(label, money(cents)) for label, cents in parts if cents],
        total=money(share.total),
    )


def remarks_on(order: Order, lines: Iterable[OrderLine]) -> list[str]:
    """What is unusual about the order's money: rows that do not add up, freight left out."""
    rows, currency = list(lines), order.account.currency
    gap = gaps.gap_of(order.payment_value_cents, rows)
    remarks = gaps.told(gap, currency=currency) if gap else []
    if gap:
        remarks.append(_("The difference goes to the last invoice."))
    freight = sum(line.freight_cents for line in rows)
    if freight and not order.account.invoices_carry_freight:
        facts = {"freight": format_cents(freight, currency)}
        remarks.append(
            _(
                "This account's invoices leave out the freight of %(freight)s: the marketplace "
                "will not turn the order to invoiced."
            )
            % facts
        )
    return remarks
