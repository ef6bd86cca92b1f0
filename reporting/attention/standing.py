"""Orders whose status here and at the marketplace can't both be right."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce

from invoicing.models import Invoice
from orders.models import Order, TimelineEntry
from orders.states import Status
from reporting.attention.rows import Rows
from sellers.models import OutboxMessage

if TYPE_CHECKING:
    from reporting.attention.finding import Shaping

#: Reached at the marketplace only after it had our answer to its call to fulfil; not yet invoiced.
BEHIND = (
    "ready-for-handling",
    "start-handling",
    "handling",
    "ready-for-invoicing",
    "invoice",
)
#: The call to fulfil may be a little behind the notice that it was made.
CROSSING = timedelta(minutes=15)
#: The marketplace acts on what it accepted within minutes; then it stands still.
STANDS_STILL = timedelta(hours=1)
#: Beyond this nobody can mend it any more.
FORGOTTEN = timedelta(days=30)

#: What `order_by_status_there` has in it: all but the settled masses.
_UNSETTLED = ~Q(marketplace_status__in=["", "invoiced", "canceled"])


def _since_there() -> Subquery:
    """When the marketplace's present status was noted."""
    noted = TimelineEntry.objects.filter(order=OuterRef("pk"), code="marketplace-status")
    return Subquery(noted.order_by("-id").values("at")[:1])


def _rows(orders: QuerySet[Order], shape: Shaping, **columns: Any) -> Rows:
    return shape(orders, order="pk", cents="payment_value_cents", **columns)


def paid_there(now: datetime, shape: Shaping) -> Iterator[Rows]:
    unpaid = Order.objects.filter(
        _UNSETTLED,
        status__in=[Status.RESERVED, Status.EXPIRED],
        marketplace_status__in=BEHIND,
    )
    orders = unpaid.annotate(there=Coalesce(_since_there(), "placed_at"))
    cause = Case(
        When(status=Status.RESERVED, then=Value("never-authorised")), default=Value("hold-expired")
    )
    yield _rows(orders.filter(there__lt=now - CROSSING), shape, cause=cause, since="there")


def _unsaid() -> Exists:
    """Something we owe the marketplace about the order has not arrived, or has no effect."""
    owed = Q(status__in=OutboxMessage.BLOCKING) | Q(
        applied__in=[OutboxMessage.Applied.WAITING, OutboxMessage.Applied.MISSING]
    )
    messages = OutboxMessage.objects.filter(
        owed, account=OuterRef("account"), subject=OuterRef("marketplace_order_id")
    )
    return Exists(messages)


def invoiced_cents() -> Coalesce:
    """What the live sales invoices of an order come to."""
    sold = Invoice.objects.filter(order=OuterRef("pk"), kind="Output", voided_at=None)
    summed = sold.order_by().values("order").annotate(cents=Sum("value_cents")).values("cents")
    return Coalesce(Subquery(summed), Value(0))


def behind_there(now: datetime, shape: Shaping) -> Iterator[Rows]:
    """We have said all we have to say, and the order does not become invoiced there."""
    done = Order.objects.filter(
        _UNSETTLED,
        status__in=[Status.INVOICED, Status.SHIPPED, Status.DELIVERED],
        marketplace_status__in=BEHIND,
        invoiced_at__range=(now - FORGOTTEN, now - STANDS_STILL),
    )
    orders = done.filter(~_unsaid()).annotate(sold_cents=invoiced_cents())
    adds_up = When(sold_cents=F("payment_value_cents"), then=Value("status-differs"))
    cause = Case(adds_up, default=Value("value-gap"))
    yield _rows(orders, shape, cause=cause, since="invoiced_at")


def invoiced_there(now: datetime, shape: Shaping) -> Iterator[Rows]:
    orders = Order.objects.filter(
        status__in=[Status.RESERVED, Status.AUTHORIZED, Status.HANDLING],
        marketplace_status="invoiced",
    )
    since = Coalesce(_since_there(), "placed_at")
    yield _rows(orders, shape, cause="invoiced-there", since=since)


def alive_there(now: datetime, shape: Shaping) -> Iterator[Rows]:
    orders = Order.objects.filter(
        _UNSETTLED,
        status=Status.CANCELLED,
        marketplace_status__in=BEHIND,
        cancelled_at__range=(now - FORGOTTEN, now - STANDS_STILL),
    )
    yield _rows(orders.filter(~_unsaid()), shape, cause="alive-there", since="cancelled_at")
