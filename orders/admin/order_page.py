"""Everything an order's page tells, worked out before the template sees it.

What somebody may not see is not in here at all: a template cannot leak what it is not given.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from orders import gaps
from orders.admin.changes import shown_changes
from orders.admin.order_parts import Fact, Line, Page, Paper, Parcel
from orders.admin.order_returns import shown_returns
from orders.admin.shopper import shopper_facts
from orders.models import Order
from orders.states import COLOURS, OPEN, Status
from orders.status_names import told
from orders.timeline import story_of
from sellers.admin.base import NOTHING, local, money
from sellers.marketplace import advice
from sellers.models import Hold, ShippingPolicy, User


def order_page(order: Order, *, user: Any, now: datetime) -> Page:
    """The page of `order` as `user` may see it, in a fixed number of queries."""
    reader = _Reader(order, user, now)
    return reader.page()


class _Reader:
    def __init__(self, order: Order, user: User, now: datetime) -> None:
        self.order, self.user, self.now = order, user, now
        self.currency, self.zone = order.account.currency, order.account.zone
        self.sees_money = user.has_perm("orders.view_money")
        self.sees_messages = user.has_perm("sellers.view_outboxmessage")
        self.lines = list(order.lines.select_related("sku").prefetch_related("packed__package"))
        packages = order.packages.select_related("closed_by").prefetch_related("items__line")
        self.packages = list(packages.order_by("number"))
        self.invoices = list(order.invoices.select_related("message").order_by("id"))

    def page(self) -> Page:
        order = self.order
        page = Page(
            status=order.get_status_display(),
            colour=COLOURS.get(Status(order.status), "info"),
            is_late=bool(order.status in OPEN and order.due_at and order.due_at < self.now),
            needs_a_look=order.flagged_at is not None,
            ids=self.ids(),
            dates=self.dates(),
            delivery=self.delivery(),
            lines=self.order_lines(),
            parcels=[self.parcel(package) for package in self.packages],
            papers_without_parcel=[
                self.paper(one) for one in self.invoices if one.package_id is None
            ],
            changes=shown_changes(order, reader=self.user, zone=self.zone),
            returns=shown_returns(order, zone=self.zone),
            stock_link=self.stock_link(),
            packing_link=self.packing_link(),
            is_to_pack=order.status in (Status.AUTHORIZED, Status.HANDLING),
            previous_link=self.neighbour(newer=True),
            next_link=self.neighbour(newer=False),
            shows_money=self.sees_money,
        )
        self.add_what_is_for_few(page)
        return page

    def add_what_is_for_few(self, page: Page) -> None:
        if self.sees_money:
            page.money = self.money_strip()
            page.ledger_link = self.link(
                "admin:cent_ledger", self.order.pk, "reporting.see_reports"
            )
            if self.order.authorized_at:
                page.promise_link = self.link(
                    "admin:promise_now", self.order.pk, "reporting.see_reports"
                )
            page.remarks = self.money_remarks()
        if self.user.has_perm("orders.view_personal_data"):
            page.shows_shopper = True
            page.shopper = [Fact(*pair) for pair in shopper_facts(self.order)]
        if self.user.has_perm("orders.view_timelineentry"):
            page.shows_story = True
            page.story = [
                (local(event.at, self.zone), event)
                for event in story_of(
                    self.order,
                    shows_money=self.sees_money,
                    shows_notices=self.user.has_perm("orders.view_orderevent"),
                )
            ]

    def ids(self) -> list[Fact]:
        order = self.order
        return _told(
            (_("Marketplace order id"), order.marketplace_order_id),
            (_("Our order id"), order.seller_order_id),
            (_("Order group"), order.marketplace_order_group),
            (_("Account"), order.account.name),
            (_("Seller id"), order.account.seller_id),
            (_("Status at the marketplace"), told(order.marketplace_status)),
            (_("Sales channel"), order.sales_channel),
            (_("Cancellation reason"), order.cancel_reason),
            (_("Receipt of the payment's approval"), order.receipt),
            (_("Receipt of the cancellation"), order.cancel_receipt),
        )

    def dates(self) -> list[Fact]:
        order = self.order
        moments = (
            (_("Hand over by"), order.due_at),
            (_("Placed"), order.placed_at),
            (_("Hold expires"), order.hold_expires_at if not order.authorized_at else None),
            (_("Authorised"), order.authorized_at),
            (_("Handling began"), order.handling_at),
            (_("Invoiced"), order.invoiced_at),
            (_("Handed over"), order.shipped_at),
            (_("Delivered"), order.delivered_at),
            (_("Cancellation asked"), order.cancel_asked_at),
            (_("Decide on it by"), order.cancel_decide_by),
            (_("Change asked"), order.change_asked_at),
            (_("Cancelled"), order.cancelled_at),
        )
        return [Fact(label, local(moment, self.zone)) for label, moment in moments if moment]

    def delivery(self) -> list[Fact]:
        order = self.order
        place = " / ".join(filter(None, (order.ship_city, order.ship_state)))
        windows = {
            f"{local(line.window_starts_at, self.zone)} – {local(line.window_ends_at, self.zone)}"
            for line in self.lines
            if line.window_starts_at
        }
        return _told(
            (_("Shipping policy"), ", ".join(self.policies())),
            (_("Delivery window"), ", ".join(sorted(windows))),
            (_("Destination"), place),
            (_("Postal code"), order.ship_postal_code),
            (_("Country"), order.ship_country),
        )

    def policies(self) -> list[str]:
        """The delivery options by name; one that is gone by the id it had."""
        refs = {line.policy_ref for line in self.lines if line.policy_ref}
        found = ShippingPolicy.objects.filter(account=self.order.account_id, ref__in=refs)
        names = dict(found.values_list("ref", "name"))
        return sorted(names.get(ref, ref) for ref in refs)

    def order_lines(self) -> list[Line]:
        holds = self.holds_by_line()
        return [
            Line(
                ref=line.ref,
                name=line.name,
                quantity=line.quantity,
                packed=sum(item.quantity for item in line.packed.all()),
                holds=holds.get(line.index, []),
                policy=line.policy_ref,
                is_gift=line.is_gift,
                extras=line.extras,
                total=money(line.total_cents, self.currency) if self.sees_money else "",
            )
            for line in self.lines
        ]

    def holds_by_line(self) -> dict[int, list[str]]:
        """Where each line's units are held, and until when or why no longer."""
        found: dict[int, list[str]] = {}
        holds = Hold.objects.filter(seller_order_id=self.order.seller_order_id)
        for hold in holds.select_related("level__warehouse").order_by("id"):
            found.setdefault(hold.line_index, []).append(self.told_hold(hold))
        return found

    def told_hold(self, hold: Hold) -> str:
        facts = {
            "units": hold.quantity,
            "warehouse": hold.level.warehouse.name,
            "until": local(hold.expires_at, self.zone),
        }
        if hold.state == Hold.State.RELEASED:
            return _("given back: %(units)s in %(warehouse)s") % facts
        if hold.state == Hold.State.SHIPPED:
            return _("taken: %(units)s from %(warehouse)s") % facts
        if hold.expires_at is None:
            return _("held: %(units)s in %(warehouse)s, the order is paid") % facts
        if hold.expires_at <= self.now:
            return _("no longer held: %(units)s in %(warehouse)s, not paid by %(until)s") % facts
        return _("held: %(units)s in %(warehouse)s, until %(until)s if not paid before") % facts

    def money_strip(self) -> list[Fact]:
        order = self.order
        live = [one for one in self.invoices if one.voided_at is None]
        invoiced = sum(
            one.value_cents if one.kind == "Output" else -one.value_cents for one in live
        )
        amounts = (
            (_("Goods"), order.items_cents),
            (_("Discounts"), -order.discounts_cents),
            (_("Services"), order.services_cents),
            (_("Freight"), order.freight_cents),
            (_("Order total"), order.payment_value_cents),
            (_("Invoiced"), invoiced),
            (_("Remaining"), order.payment_value_cents - invoiced),
        )
        return [Fact(label, money(cents, self.currency)) for label, cents in amounts]

    def money_remarks(self) -> list[str]:
        """Rows that do not add up to what the marketplace pays, and which one it is."""
        # What changes of the order add beside the lines is part of its totals alone.
        order, lines = self.order, sum(line.total_cents for line in self.lines)
        rows = (
            order.items_cents - order.discounts_cents + order.services_cents + order.freight_cents
        )
        gap = gaps.gap_of(order.payment_value_cents - rows + lines, self.lines)
        return gaps.told(gap, currency=self.currency) if gap else []

    def parcel(self, package: Any) -> Parcel:
        return Parcel(
            title=_("Package %(number)s") % {"number": package.number},
            status=package.get_status_display(),
            contents=[f"{item.quantity} × {item.line.name}" for item in package.items.all()],
            facts=_told(
                (_("Weight"), f"{package.weight_g} g" if package.weight_g else ""),
                (_("Carrier"), package.courier),
                (_("Tracking"), package.tracking_number),
                (_("Closed"), self.closed(package)),
                (_("Handed over"), _moment(package.dispatched_at, self.zone)),
                (_("Delivered"), _moment(package.delivered_at, self.zone)),
            ),
            invoices=[self.paper(one) for one in self.invoices if one.package_id == package.pk],
            link=self.link("admin:invoicing_package_change", package.pk, "invoicing.view_package"),
        )

    def closed(self, package: Any) -> str:
        """When, and by whom."""
        who = package.closed_by
        told = [
            _moment(package.closed_at, self.zone),
            who.get_full_name() or str(who) if who else "",
        ]
        return " · ".join(filter(None, told))

    def stock_link(self) -> str | None:
        """The ledger's rows about this order."""
        if not self.user.has_perm("sellers.view_stockmovement"):
            return None
        address = reverse("admin:sellers_stockmovement_changelist")
        return f"{address}?q={self.order.seller_order_id}"

    def paper(self, invoice: Any) -> Paper:
        fate, colour, note = _fate(invoice)
        return Paper(
            number=invoice.number,
            kind=invoice.get_kind_display(),
            fate=fate,
            colour=colour,
            note=note if self.sees_messages else "",
            value=money(invoice.value_cents, self.currency) if self.sees_money else "",
            issued=local(invoice.issued_at, self.zone),
            key=invoice.key,
            link=self.link(
                "admin:sellers_outboxmessage_change",
                invoice.message_id,
                "sellers.view_outboxmessage",
            ),
        )

    def packing_link(self) -> str | None:
        may_pack = self.user.has_perm("orders.pack_order")
        return _address("admin:packing_order", self.order.seller_order_id) if may_pack else None

    def neighbour(self, *, newer: bool) -> str | None:
        condition = Q(pk__gt=self.order.pk) if newer else Q(pk__lt=self.order.pk)
        found = Order.objects.filter(condition).order_by("pk" if newer else "-pk")
        pk = found.values_list("pk", flat=True).first()
        return _address("admin:orders_order_change", pk) if pk else None

    def link(self, name: str, argument: Any, permission: str) -> str | None:
        may = argument is not None and self.user.has_perm(permission)
        return _address(name, argument) if may else None


def _told(*pairs: tuple[str, str]) -> list[Fact]:
    """The facts there are; what is empty is left out."""
    return [Fact(label, value) for label, value in pairs if value and value != NOTHING]


def _moment(moment: datetime | None, zone: Any) -> str:
    return local(moment, zone) if moment else ""


def _fate(invoice: Any) -> tuple[str, str, str]:
    """What became of an invoice at the marketplace: words, colour, what it answered."""
    if invoice.voided_at:
        return _("voided"), "warning", ""
    message = invoice.message
    if message is None:
        return _("not to be sent"), "info", ""
    sign, words, colour = advice.standing_of(message)
    delivered = message.status == "delivered" and colour == "success"
    note = message.receipt if delivered else advice.translated(message.last_error)
    return f"{sign} {words}", colour, note


def _address(name: str, argument: Any) -> str | None:
    try:
        return reverse(name, args=[argument])
    except NoReverseMatch:
        return None
