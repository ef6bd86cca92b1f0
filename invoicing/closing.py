"""Closing a package: stock leaves and the invoice is made and owed, all in one breath."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from invoicing import billing, contents, notices, numbering, papers
from invoicing.models import Invoice, InvoiceLine, Package, PackageItem
from invoicing.picking import shorts
from orders import modifying, moving
from orders.models import TimelineEntry
from orders.states import Status
from sellers import stock
from sellers.errors import Conflict, DomainError
from sellers.models import User
from sellers.money import Cents


@transaction.atomic
def close(
    *,
    package: Package,
    now: datetime,
    actor: User | None,
    number: str | None = None,
    key: str = "",
    weight_g: int | None = None,
    url: str = "",
    document: bytes = b"",
    value_cents: Cents | None = None,
    send_after: datetime | None = None,
) -> Invoice:
    """Close `package` and invoice what is in it; the order is invoiced with its last unit.

    Stock, invoice, outbox message and timeline are written together or not at all. Without
    `number` (and `key`) the account's series gives one. `document` is the invoice's XML: it must
    match the package, its number and key count, and it is sent along. `value_cents` is the total
    of an invoice issued elsewhere: it must be what the package is worth. The marketplace is told
    at once, or after `send_after`. Raises DomainError or Conflict with the reason; then nothing
    changed.
    """
    order = contents.lock_for_packing(order_id=package.order_id)
    package = contents.open_package(order=order, package_id=package.pk)
    refusal = why_not_close(package)
    if refusal is not None:
        raise refusal
    bill = billing.bill_of(package)
    items = list(package.items.select_related("line__sku").order_by("line__index"))
    units = [(item.line, item.quantity) for item in items]
    paper = papers.settle(
        number=number, key=key, url=url, document=document, value_cents=value_cents, now=now
    )
    papers.require_match(paper, units, order=order, value_cents=bill.value, now=now, actor=actor)
    stock.ship(
        seller_order_id=order.seller_order_id,
        leaving=leaving(package, closing=package.invoices.count() + 1, items=items),
        now=now,
        actor=actor,
    )
    invoice = _invoice(package, bill, items, paper=paper)
    notices.owe_invoice(invoice, units, now=now, document=paper.text, send_after=send_after)
    _seal(package, weight_g=weight_g, now=now, actor=actor)
    tell(invoice, "package-closed", now=now, actor=actor)
    if bill.closing:
        order.packages.filter(status=Package.Status.OPEN, items=None).delete()
        moving.move(order, Status.INVOICED, now=now, code="invoiced", actor=actor)
    return invoice


def can_close(package: Package) -> bool:
    return why_not_close(package) is None


def why_not_close(package: Package) -> DomainError | None:
    """What stands in the way of closing, None when nothing does: serves button and use case."""
    order = package.order
    refusal = (
        contents.why_not_packable(order)
        or modifying.why_not_pack(order)
        or shorts.why_not_close(order)
    )
    if refusal is not None:
        return refusal
    if package.status != Package.Status.OPEN:
        return Conflict(
            "package-closed", _("Package %(number)d is closed.") % {"number": package.number}
        )
    try:
        billing.bill_of(package)
    except DomainError as error:
        return error
    return None


def leaving(package: Package, *, closing: int, items: Iterable[PackageItem]) -> list[stock.Leaving]:
    """What leaves with `package`; `closing`: the how-manieth time it is closed."""
    return [
        stock.Leaving(
            item.line.index,
            item.quantity,
            cause_of(package, closing=closing, line_index=item.line.index),
        )
        for item in items
    ]


def cause_of(package: Package, *, closing: int, line_index: int) -> str:
    return f"{package.order.seller_order_id}/{package.number}.{closing}/{line_index}"


def _invoice(
    package: Package,
    bill: billing.Bill,
    items: Sequence[PackageItem],
    *,
    paper: papers.Paper,
) -> Invoice:
    account = package.order.account
    voided = package.invoices.order_by("-id").first()
    number, key = numbering.settle(
        account=account, number=paper.number, key=paper.key, earlier=voided.number if voided else ""
    )
    invoice = Invoice.objects.create(
        account=account,
        order=package.order,
        package=package,
        number=number,
        key=key,
        url=paper.url,
        value_cents=bill.value,
        issued_at=paper.issued_at,
    )
    values = bill.line_values()
    InvoiceLine.objects.bulk_create(
        InvoiceLine(
            invoice=invoice,
            line=item.line,
            quantity=item.quantity,
            value_cents=values[item.line.index],
        )
        for item in items
    )
    return invoice


def _seal(package: Package, *, weight_g: int | None, now: datetime, actor: User | None) -> None:
    package.status = Package.Status.CLOSED
    package.closed_at, package.closed_by, package.weight_g = now, actor, weight_g
    package.save(update_fields=["status", "closed_at", "closed_by", "weight_g"])


def tell(invoice: Invoice, code: str, *, now: datetime, actor: User | None) -> None:
    package = invoice.package
    moving.record(
        invoice.order,
        kind=TimelineEntry.Kind.INVOICE,
        code=code,
        now=now,
        actor=actor,
        facts={
            "package": package.number if package else None,
            "invoice": invoice.number,
            "value_cents": invoice.value_cents,
        },
    )
