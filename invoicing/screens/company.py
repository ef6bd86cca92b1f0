"""Who else is at work in an order: two packers at one box should know of each other."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from invoicing.models import Gesture
from orders.models import Order
from sellers.models import User

#: Who did nothing for this long is taken to have gone away.
PRESENT = timedelta(minutes=10)


def others_in(order: Order, *, reader: User, now: datetime) -> str:
    """Everybody but `reader` who did something in the order within `PRESENT`, the latest first.

    Looking alone is no sign: only a gesture that counted is. Empty when `reader` is alone.
    """
    lately = Gesture.objects.filter(order=order, at__gt=now - PRESENT).exclude(actor=reader)
    rows = (
        lately.values("actor__first_name", "actor__last_name", "actor__username")
        .annotate(last=Max("at"))
        .order_by("-last")
    )
    named = [
        f"{_name(row)} {timezone.localtime(row['last'], order.account.zone):%H:%M}" for row in rows
    ]
    return _("Also in this order: %(who)s") % {"who": ", ".join(named)} if named else ""


def _name(row: Mapping[str, object]) -> str:
    full = f"{row['actor__first_name']} {row['actor__last_name']}".strip()
    return full or str(row["actor__username"])
