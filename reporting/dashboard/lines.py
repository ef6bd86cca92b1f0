"""What stands on the dashboard as it is this moment: the line to the marketplace, and the money
that does not add up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F
from django.db.models.functions import Abs
from django.http import HttpRequest
from django.urls import reverse
from django.utils.timesince import timesince

from orders.admin.overview import MOST
from reporting.attention.inbox import told_count
from reporting.dashboard.asking import Asked
from reporting.figures import CAUSES
from reporting.models import Difference
from sellers.admin.base import NOTHING
from sellers.models import OutboxMessage
from sellers.money import format_cents

#: Of the differences.
_SHOWN = 5


@dataclass(frozen=True)
class Line:
    """The outbox; None of it for those who may not see messages."""

    is_shown: bool
    waiting: str = ""
    waiting_link: str = ""
    oldest: str = ""
    oldest_link: str = ""
    refused: str = ""
    refused_link: str = ""


@dataclass(frozen=True)
class Differing:
    order: str
    cause: str
    amount: str
    link: str
    cents_link: str


@dataclass(frozen=True)
class Differences:
    rows: Sequence[Differing]
    count: str
    link: str


def line(request: HttpRequest, *, now: datetime) -> Line:
    """How much is still to be said, since when, and what the marketplace would not hear."""
    if not request.user.has_perm("sellers.view_outboxmessage"):
        return Line(is_shown=False)
    waiting = OutboxMessage.objects.filter(status=OutboxMessage.Status.PENDING).order_by()
    refused = OutboxMessage.objects.filter(status__in=OutboxMessage.NEEDS_ATTENTION).order_by()
    oldest = waiting.order_by("created_at", "pk").only("created_at").first()
    messages = reverse("admin:sellers_outboxmessage_changelist")
    return Line(
        is_shown=True,
        waiting=told_count(waiting.values("pk")[: MOST + 1].count(), most=MOST),
        waiting_link=f"{messages}?state=pending",
        oldest=timesince(oldest.created_at, now, depth=1) if oldest else NOTHING,
        oldest_link=(
            reverse("admin:sellers_outboxmessage_change", args=[oldest.pk]) if oldest else ""
        ),
        refused=told_count(refused.values("pk")[: MOST + 1].count(), most=MOST),
        refused_link=f"{messages}?state=attention",
    )


def differences(asked: Asked) -> Differences:
    """The largest amounts that a person must explain, whatever their day."""
    found = Difference.objects.select_related("order__account")
    if asked.account:
        found = found.filter(order__account=asked.account)
    count = found.order_by().values("pk")[: MOST + 1].count()
    rows = found.annotate(size=Abs("cents")).order_by(F("size").desc())[:_SHOWN]
    mapping = reverse("admin:report", args=["mapping"])
    account = f"&account={asked.account.pk}" if asked.account else ""
    return Differences(
        rows=[
            Differing(
                order=each.order.marketplace_order_id,
                cause=str(CAUSES[each.cause]),
                amount=format_cents(each.cents, each.order.account.currency),
                link=reverse("admin:orders_order_change", args=[each.order_id]),
                cents_link=reverse("admin:cent_ledger", args=[each.order_id]),
            )
            for each in rows
        ],
        count=told_count(count, most=MOST),
        link=f"{mapping}?difference=mend{account}",
    )
