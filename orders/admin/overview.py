"""The start page: how much of what there is to do, what needs a person, what is due next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from orders.models import Order, OrderEvent
from orders.states import COLOURS, OPEN, Status
from sellers.admin.base import local
from sellers.marketplace.models import needing_attention
from sellers.models import OutboxMessage, SellerAccount

#: Counting stops here: "999+" is as good to know as the exact number, and as quick on any table.
MOST = 999
SOONEST = 8


@dataclass(frozen=True)
class Figure:
    label: str
    count: str
    link: str
    colour: str = "info"


@dataclass(frozen=True)
class Due:
    order: str
    account: str
    status: str
    colour: str
    due: str
    is_late: bool
    link: str


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Unfold's hook: adds to the start page what this person may see."""
    may_see_orders = request.user.has_perm("orders.view_order")
    return {
        **context,
        "figures": _figures() if may_see_orders else [],
        "attention": _attention(request),
        "next_due": _next_due() if may_see_orders else [],
        "packing_link": _address("admin:packing_queue"),
        "shows_orders": may_see_orders,
        "no_account": not SellerAccount.objects.exists()
        and request.user.has_perm("sellers.add_selleraccount"),
    }


def _figures() -> list[Figure]:
    orders = Order.objects.order_by()
    wanted = (
        (_("Ready to pick"), (Status.AUTHORIZED,), "pick", "primary"),
        (_("Being packed"), (Status.HANDLING,), "packing", "warning"),
        (_("Ready to hand over"), (Status.INVOICED,), "ready", "success"),
        (_("Waiting for payment"), (Status.RESERVED,), "unpaid", "info"),
    )
    return [
        Figure(label, _capped(orders.filter(status__in=statuses)), _orders_at(work=work), colour)
        for label, statuses, work, colour in wanted
    ]


def _attention(request: HttpRequest) -> list[Figure]:
    """What only a person can settle; nothing is shown when there is nothing."""
    found = []
    if request.user.has_perm("orders.view_order"):
        late = Order.objects.filter(status__in=OPEN, due_at__lt=timezone.now()).order_by()
        flagged = Order.objects.filter(flagged_at__isnull=False).order_by()
        asked = Order.objects.filter(status=Status.CANCEL_REQUESTED).order_by()
        change = Order.objects.filter(change_asked_at__isnull=False).order_by()
        found += [
            Figure(_("Late orders"), _capped(late), _orders_at(due="late"), "danger"),
            Figure(_("Cancellations asked"), _capped(asked), _orders_at(work="asked"), "warning"),
            Figure(_("Changes asked"), _capped(change), _orders_at(work="change"), "warning"),
            Figure(_("Orders to look at"), _capped(flagged), _orders_at(work="look"), "warning"),
        ]
    if request.user.has_perm("orders.view_orderevent"):
        events = OrderEvent.objects.filter(flagged_at__isnull=False).order_by()
        link = f"{reverse('admin:orders_orderevent_changelist')}?look=yes"
        found.append(Figure(_("Marketplace events to look at"), _capped(events), link, "warning"))
    if request.user.has_perm("sellers.view_outboxmessage"):
        refused = OutboxMessage.objects.filter(needing_attention()).order_by()
        link = f"{reverse('admin:sellers_outboxmessage_changelist')}?state=attention"
        found.append(
            Figure(_("Messages the marketplace did not take"), _capped(refused), link, "danger")
        )
    return [figure for figure in found if figure.count != "0"]


def _next_due() -> list[Due]:
    now = timezone.now()
    soonest = Order.objects.filter(status__in=OPEN, due_at__isnull=False).order_by("due_at", "id")
    return [
        Due(
            order=order.marketplace_order_id,
            account=order.account.name,
            status=order.get_status_display(),
            colour=COLOURS.get(Status(order.status), "info"),
            due=local(order.due_at, order.account.zone),
            is_late=bool(order.due_at and order.due_at < now),
            link=reverse("admin:orders_order_change", args=[order.pk]),
        )
        for order in soonest.select_related("account")[:SOONEST]
    ]


def _capped(rows: QuerySet[Any]) -> str:
    count = rows.values("pk")[: MOST + 1].count()
    return f"{MOST}+" if count > MOST else str(count)


def _orders_at(**filters: str) -> str:
    query = "&".join(f"{name}={value}" for name, value in filters.items())
    return f"{reverse('admin:orders_order_changelist')}?{query}"


def _address(name: str) -> str | None:
    try:
        return reverse(name)
    except NoReverseMatch:
        return None
