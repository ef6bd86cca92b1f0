"""The side menu, by what people do; each entry only for those who may open it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from reporting.attention import badge
from sellers.models import User


class Entry(NamedTuple):
    title: Promise
    icon: str
    url_name: str
    permission: str
    #: Says how much waits behind the entry; empty for nothing.
    waiting: Callable[[User], str] | None = None


MENU: list[tuple[Promise, list[Entry]]] = [
    (
        _("Work"),
        [
            Entry(
                _("Needs attention"),
                "notification_important",
                "admin:attention",
                "orders.view_order",
                badge.waiting,
            ),
            Entry(_("Radar"), "radar", "admin:radar", "orders.pack_order"),
            Entry(_("Packing queue"), "checklist", "admin:packing_queue", "orders.pack_order"),
            Entry(_("Pick lists"), "shopping_cart", "admin:pick_lists", "orders.pack_order"),
            Entry(
                _("Short picks"),
                "production_quantity_limits",
                "admin:invoicing_shortpick_changelist",
                "invoicing.view_shortpick",
            ),
            Entry(_("Returns"), "assignment_return", "admin:returns_desk", "orders.pack_order"),
            Entry(
                _("Orders"), "receipt_long", "admin:orders_order_changelist", "orders.view_order"
            ),
            Entry(
                _("Packages"),
                "package_2",
                "admin:invoicing_package_changelist",
                "invoicing.view_package",
            ),
            Entry(
                _("Invoices"),
                "request_quote",
                "admin:invoicing_invoice_changelist",
                "invoicing.view_invoice",
            ),
            Entry(_("Hand over"), "conveyor_belt", "admin:manifest_desk", "orders.pack_order"),
            Entry(_("Tracking file"), "upload_file", "admin:tracking_upload", "orders.pack_order"),
            Entry(_("Papers"), "print", "admin:paper_batch", "orders.pack_order"),
            Entry(_("Long work"), "hourglass_top", "admin:jobs_job_changelist", "jobs.view_job"),
        ],
    ),
    (
        _("Reports"),
        [
            Entry(
                _("Order mapping"), "table_view", "admin:report mapping", "reporting.see_reports"
            ),
            Entry(_("Payouts"), "payments", "admin:payouts", "reporting.see_reports"),
            Entry(
                _("Promise audit"), "handshake", "admin:report promises", "reporting.see_reports"
            ),
            Entry(
                _("Sent regularly"),
                "schedule_send",
                "admin:reporting_reportschedule_changelist",
                "reporting.view_reportschedule",
            ),
            Entry(_("Reconciliation"), "balance", "admin:reconciliations", "reporting.see_reports"),
        ],
    ),
    (
        _("Marketplace"),
        [
            Entry(
                _("Messages to the marketplace"),
                "outbox",
                "admin:sellers_outboxmessage_changelist",
                "sellers.view_outboxmessage",
            ),
            Entry(
                _("Events received"),
                "inbox",
                "admin:orders_orderevent_changelist",
                "orders.view_orderevent",
            ),
            Entry(_("Why?"), "help", "admin:simulation_why", "simulation.view_simulationcapture"),
            Entry(
                _("Recorded answers"),
                "manage_search",
                "admin:simulation_simulationcapture_changelist",
                "simulation.view_simulationcapture",
            ),
        ],
    ),
    (
        _("Catalogue and stock"),
        [
            Entry(_("SKUs"), "sell", "admin:sellers_sku_changelist", "sellers.view_sku"),
            Entry(
                _("Stock levels"),
                "inventory_2",
                "admin:sellers_stocklevel_changelist",
                "sellers.view_stocklevel",
            ),
            Entry(_("Stock counts"), "barcode_scanner", "admin:stock_counts", "orders.pack_order"),
            Entry(_("Holds"), "lock_clock", "admin:sellers_hold_changelist", "sellers.view_hold"),
            Entry(
                _("Stock ledger"),
                "history",
                "admin:sellers_stockmovement_changelist",
                "sellers.view_stockmovement",
            ),
            Entry(
                _("Stock audits"),
                "fact_check",
                "admin:sellers_stockaudit_changelist",
                "sellers.view_stockaudit",
            ),
            Entry(
                _("Warehouses"),
                "warehouse",
                "admin:sellers_warehouse_changelist",
                "sellers.view_warehouse",
            ),
        ],
    ),
    (
        _("Delivery"),
        [
            Entry(
                _("Shipping policies"),
                "local_shipping",
                "admin:sellers_shippingpolicy_changelist",
                "sellers.view_shippingpolicy",
            ),
            Entry(
                _("Freight rates"),
                "map",
                "admin:sellers_freightrate_changelist",
                "sellers.view_freightrate",
            ),
            Entry(
                _("Closed days"),
                "event_busy",
                "admin:sellers_closure_changelist",
                "sellers.view_closure",
            ),
            Entry(
                _("Booked capacity"),
                "event_available",
                "admin:sellers_capacityuse_changelist",
                "sellers.view_capacityuse",
            ),
            Entry(
                _("Pickup points"),
                "storefront",
                "admin:sellers_pickuppoint_changelist",
                "sellers.view_pickuppoint",
            ),
        ],
    ),
    (
        _("Settings"),
        [
            Entry(
                _("Seller accounts"),
                "hub",
                "admin:sellers_selleraccount_changelist",
                "sellers.view_selleraccount",
            ),
            Entry(
                _("Marketplace thresholds"),
                "speed",
                "admin:reporting_scorecard_changelist",
                "reporting.view_scorecard",
            ),
            Entry(
                _("Invoice series"),
                "tag",
                "admin:invoicing_invoiceseries_changelist",
                "invoicing.view_invoiceseries",
            ),
            Entry(
                _("Paper sizes"),
                "straighten",
                "admin:invoicing_papersettings_changelist",
                "invoicing.view_papersettings",
            ),
            Entry(_("Staff"), "group", "admin:sellers_user_changelist", "sellers.view_user"),
            Entry(_("Roles"), "shield_person", "admin:auth_group_changelist", "auth.view_group"),
        ],
    ),
]


def link_or_none(url_name: str) -> str | None:
    """The address behind a name and what it takes, or None when no such screen exists."""
    name, *taken = url_name.split()
    try:
        return reverse(name, args=taken)
    except NoReverseMatch:
        return None


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Unfold's side menu for this person."""
    start = {"title": _("Today"), "icon": "space_dashboard", "link": reverse("admin:index")}
    shown: list[dict[str, Any]] = [{"items": [start]}]
    for title, entries in MENU:
        if items := _items(entries, request):
            shown.append({"title": title, "separator": True, "items": items})
    _light(shown, request.path)
    return shown


def _light(groups: list[dict[str, Any]], path: str) -> None:
    """One entry alone: a screen that lies below another's address lights its own."""
    items = [item for group in groups for item in group["items"]]
    here = [item for item in items if item["link"] == path]
    above = [item for item in items[1:] if path.startswith(item["link"])]
    chosen = here or sorted(above, key=lambda item: len(item["link"]))[-1:]
    for item in items:
        item["active"] = item in chosen


def _items(entries: list[Entry], request: HttpRequest) -> list[dict[str, Any]]:
    return [
        {"title": entry.title, "icon": entry.icon, "link": link, **_badge(entry, request)}
        for entry in entries
        if request.user.has_perm(entry.permission) and (link := link_or_none(entry.url_name))
    ]


def _badge(entry: Entry, request: HttpRequest) -> dict[str, str]:
    user = request.user
    waiting = entry.waiting(user) if entry.waiting and isinstance(user, User) else ""
    return {"badge": waiting, "badge_variant": "danger"} if waiting else {}
