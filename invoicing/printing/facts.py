"""What papers tell of packages, read for many at once in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import orjson
from django.db.models import Count, Q, Sum
from django.utils.translation import gettext as _

from invoicing.models import Invoice, Package, PackageItem, PaperSettings
from invoicing.printing.codes import package_code
from invoicing.printing.receivers import Receiver, receiver_in
from orders.models import Order, OrderLine, PersonalData
from sellers.marketplace.documents import EMBEDDED
from sellers.models import SellerAccount, ShippingPolicy


@dataclass(frozen=True)
class PackageFacts:
    """`count`: how many boxes the order has, None while units are still outside them."""

    package: Package
    items: list[PackageItem]
    count: int | None
    receiver: Receiver | None
    invoice: Invoice | None
    service: str
    paper: PaperSettings

    @property
    def order(self) -> Order:
        return self.package.order

    @property
    def code(self) -> str:
        return package_code(self.package)

    @property
    def of_how_many(self) -> str:
        """Such as 2 / 3; the total is left open while it is not known."""
        return f"{self.package.number} / {self.count or '…'}"

    @property
    def said(self) -> list[str]:
        """What else belongs on a label, in words; nothing of the shopper."""
        package = self.package
        facts = (
            (_("Order %s"), self.order.marketplace_order_id),
            (_("Invoice %s"), self.invoice.number if self.invoice else ""),
            (_("Tracking %s"), package.tracking_number),
            (_("Weight %s kg"), f"{package.weight_g / 1000:.2f}" if package.weight_g else ""),
        )
        return [text % fact for text, fact in facts if fact]

    @property
    def sender(self) -> list[str]:
        lines = [line.strip() for line in self.paper.sender.splitlines() if line.strip()]
        return lines[:5] or [self.order.account.name]


def facts_of(package_ids: Sequence[int]) -> list[PackageFacts]:
    """Of these packages, in this order; those that are not there are left out."""
    packages = Package.objects.select_related("order__account", "closed_by").prefetch_related(
        "items__line__sku", "invoices__message"
    )
    found = packages.in_bulk(package_ids)
    orders = {package.order_id: package.order for package in found.values()}
    counts, services = _counts(list(orders)), _services(orders)
    people = PersonalData.objects.filter(order__in=orders, erased_at=None)
    receivers = {personal.order_id: receiver_in(personal) for personal in people}
    papers = papers_of({order.account_id: order.account for order in orders.values()})
    return [
        PackageFacts(
            package=package,
            items=sorted(package.items.all(), key=lambda item: item.line.index),
            count=counts.get(package.order_id),
            receiver=receivers.get(package.order_id),
            invoice=next((one for one in package.invoices.all() if one.voided_at is None), None),
            service=package.courier or services.get(package.order_id, ""),
            paper=papers[package.order.account_id],
        )
        for package_id in package_ids
        if (package := found.get(package_id))
    ]


def _counts(order_ids: list[int]) -> dict[int, int]:
    """Boxes of the orders all of whose units are in one."""
    ordered = dict(
        OrderLine.objects.filter(order__in=order_ids)
        .values_list("order")
        .annotate(units=Sum("quantity"))
        .order_by()
    )
    packed = (
        PackageItem.objects.filter(package__order__in=order_ids)
        .values_list("package__order")
        .annotate(units=Sum("quantity"), boxes=Count("package", distinct=True))
        .order_by()
    )
    return {order: boxes for order, units, boxes in packed if units == ordered.get(order)}


def _services(orders: dict[int, Order]) -> dict[int, str]:
    """How each order is to be sent, in the words of its delivery options."""
    asked: dict[int, dict[str, None]] = {}
    lines = OrderLine.objects.filter(order__in=orders).exclude(policy_ref="").order_by("index")
    for order_id, ref in lines.values_list("order", "policy_ref"):
        asked.setdefault(order_id, {})[ref] = None
    accounts = {order.account_id for order in orders.values()}
    refs = {ref for each in asked.values() for ref in each}
    policies = ShippingPolicy.objects.filter(Q(account__in=accounts) & Q(ref__in=refs))
    names = {(policy.account_id, policy.ref): policy.name for policy in policies}
    return {
        order_id: ", ".join(names.get((orders[order_id].account_id, ref), ref) for ref in each)
        for order_id, each in asked.items()
    }


def papers_of(accounts: dict[int, SellerAccount]) -> dict[int, PaperSettings]:
    kept = PaperSettings.objects.in_bulk(list(accounts))
    return {pk: kept.get(pk) or PaperSettings(account=account) for pk, account in accounts.items()}


def document_of(invoice: Invoice | None) -> str:
    """The invoice's XML, as long as it is kept: it is erased with the shopper's data."""
    message = invoice.message if invoice else None
    if message is None or EMBEDDED not in message.body:
        return ""
    return str(orjson.loads(message.body).get(EMBEDDED, ""))
