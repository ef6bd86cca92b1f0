"""The way back from a closed package, while its invoice has certainly not arrived."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from invoicing.closing import leaving, tell
from invoicing.models import Invoice, ManifestEntry, Package
from orders import moving
from orders.models import Order
from orders.states import Status
from sellers import stock
from sellers.errors import Conflict, DomainError
from sellers.marketplace import deciding
from sellers.models import OutboxMessage, User


@transaction.atomic
def reopen(*, package: Package, now: datetime, actor: User | None) -> Package:
    """Undo `close` while the marketplace has certainly not received the invoice.

    The message is superseded, the invoice voided, the units are held again and the order is back
    in packing. Raises Conflict with the reason; then nothing changed.
    """
    order = moving.lock(order_id=package.order_id)
    package = Package.objects.select_related("order__account").get(pk=package.pk)
    # The message's row too (race: a worker claims it at this moment; claiming skips locked rows).
    OutboxMessage.objects.select_for_update().filter(pk__in=_messages_of(package)).count()
    refusal = why_not_reopen(package)
    if refusal is not None:
        raise refusal
    invoice = package.invoices.get(voided_at=None)
    _take_back(package, invoice, now=now, actor=actor)
    package.status, package.closed_at, package.closed_by = Package.Status.OPEN, None, None
    package.save(update_fields=["status", "closed_at", "closed_by"])
    tell(invoice, "package-reopened", now=now, actor=actor)
    if order.status == Status.INVOICED:
        moving.move(order, Status.HANDLING, now=now, code="reopened", actor=actor)
        Order.objects.filter(pk=order.pk).update(invoiced_at=None)
    return package


def _take_back(package: Package, invoice: Invoice, *, now: datetime, actor: User | None) -> None:
    items = package.items.select_related("line").order_by("line__index")
    stock.unship(
        seller_order_id=package.order.seller_order_id,
        leaving=leaving(package, closing=package.invoices.count(), items=items),
        now=now,
        actor=actor,
    )
    if invoice.message and invoice.message.status in OutboxMessage.BLOCKING:
        deciding.withdraw(
            invoice.message, reason=_("The package was reopened."), actor=actor, now=now
        )
    invoice.voided_at = now
    invoice.save(update_fields=["voided_at"])


def _messages_of(package: Package) -> list[int]:
    found = package.invoices.filter(voided_at=None, message__isnull=False)
    return list(found.values_list("message_id", flat=True))


def why_not_reopen(package: Package) -> DomainError | None:
    """None when the package may be opened again: its invoice has certainly not arrived."""
    invoice = package.invoices.filter(voided_at=None).select_related("message").first()
    if package.status != Package.Status.CLOSED or invoice is None:
        return Conflict("package-open", _("The package is open."))
    if package.order.status not in (Status.HANDLING, Status.INVOICED) or package.dispatched_at:
        return Conflict("package-gone", _("The package has left: use a return."))
    if ManifestEntry.objects.filter(package=package).exists():
        return Conflict("on-manifest", _("The package is on a carrier's manifest: take it off."))
    if package.order.returns.filter(undone_at=None).exists():
        return Conflict("goods-returned", _("Goods of this order came back: use a return."))
    if invoice.message and _may_have_arrived(invoice.message):
        return Conflict(
            "invoice-sent",
            _("The marketplace has the invoice, or may have it: use a return instead."),
        )
    return None


def _may_have_arrived(message: OutboxMessage) -> bool:
    """Delivered, on its way this moment, or tried with an end nobody knows."""
    delivered = message.status == OutboxMessage.Status.DELIVERED
    return delivered or message.in_doubt or message.lease is not None
