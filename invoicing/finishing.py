"""The last unit is in: the packages close by themselves, where the seller wants it so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from invoicing import numbering, packing
from invoicing.models import InvoiceSeries, Package
from orders.models import Order
from sellers.errors import DomainError
from sellers.models import User

#: So long an invoice that nobody confirmed waits here, and its package opens again at a key.
TO_THINK_AGAIN = timedelta(seconds=20)


@dataclass(frozen=True)
class Finish:
    """What is said once everything is packed, and the packages that closed, by id."""

    text: str
    closed: tuple[int, ...] = ()


def finish(*, order: Order, now: datetime, actor: User) -> Finish:
    """Close all packages with the series' next numbers, or say how they are closed.

    What stands in the way of closing is said too: the unit that completed the order stays packed.
    """
    if not InvoiceSeries.objects.filter(account=order.account_id, closes_by_itself=True).exists():
        number = numbering.upcoming(account=order.account)
        said = _("Everything is packed. Scan the invoice, or close with number %(number)s.")
        return Finish(said % {"number": number})
    try:
        with transaction.atomic():
            return _close_all(order, now=now, actor=actor)
    except DomainError as refusal:
        return Finish(_("Everything is packed, but not closed: %(why)s") % {"why": refusal.message})


def _close_all(order: Order, *, now: datetime, actor: User) -> Finish:
    still_open = Package.objects.filter(order=order, status=Package.Status.OPEN)
    packages = list(still_open.exclude(items=None).distinct().order_by("number"))
    invoices = [
        packing.close(package=package, send_after=now + TO_THINK_AGAIN, now=now, actor=actor)
        for package in packages
    ]
    numbers = ", ".join(invoice.number for invoice in invoices)
    said = _("Everything is packed and closed. Invoice: %(numbers)s") % {"numbers": numbers}
    return Finish(said, tuple(package.pk for package in packages))
