"""The start page: how much of what there is to do, what needs a person, what is due next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from orders.models import Order
from orders.states import COLOURS, OPEN, Status
from sellers.admin.base import local
from sellers.models import SellerAccount

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
