"""Where each cause is found: one short query each, by index, the longest stuck first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from invoicing.models import Package, Return, ShortPick
from invoicing.picking.shorts import CODE as SHORT_PICK
from orders.models import Order, OrderChange, OrderEvent, TimelineEntry
from orders.states import Status
from reporting.attention import standing
from reporting.attention.causes import PROBLEM_CODES, PROBLEMS_OF_PACKERS
from reporting.attention.rows import Rows
from sellers.models import OutboxMessage, SellerAccount, StockAudit

Sent = OutboxMessage.Status
Outcome = OrderEvent.Outcome

#: A message that failed for so long is worth a look, though it goes on being tried.
FAILING_AFTER = timedelta(hours=1)
#: An accepted change that the marketplace has not confirmed.
UNCONFIRMED_AFTER = timedelta(hours=24)
#: Tracking numbers come back from the carrier a little later than the packages leave.
UNTRACKED_AFTER = timedelta(hours=2)
#: Orders paid within this span, but not in its last part, should have had news.
SILENT_SPAN = (timedelta(days=3), timedelta(hours=2))
SILENT_ORDERS = 3


class Shaping(Protocol):
    """`rows_of` with its moment and its side of the marks filled in."""

    def __call__(self, things: QuerySet[Any], **columns: Any) -> Rows: ...


class Finder(NamedTuple):
    """Which causes a query brings, so that nobody is asked for what nobody may see."""

    causes: frozenset[str]
    find: Callable[[datetime, Shaping], Iterator[Rows]]


def finders() -> list[Finder]:
    return [
        Finder(frozenset(_ENDINGS.values()), _unsent),
        Finder(frozenset({"not-applied"}), _without_effect),
        Finder(frozenset({"message-failing"}), _failing),
        Finder(frozenset({"cancel-asked"}), _cancellations),
        Finder(frozenset({"change-asked", "change-unconfirmed"}), _changes),
        Finder(frozenset({"return-to-invoice"}), _returns),
        Finder(frozenset({"returned-not-cancelled"}), _returned),
        Finder(PROBLEM_CODES - PROBLEMS_OF_PACKERS, _problems),
        Finder(PROBLEMS_OF_PACKERS, _problems_of_packers),
        Finder(frozenset({"late"}), _late),
        Finder(frozenset({"no-due-time"}), _without_due_time),
        Finder(frozenset({"not-handed-over"}), _lying_about),
        Finder(frozenset({"tracking-missing"}), _untracked),
        Finder(frozenset({"short-pick"}), _short_picks),
        Finder(frozenset({"never-authorised", "hold-expired"}), standing.paid_there),
        Finder(frozenset({"value-gap", "status-differs"}), standing.behind_there),
        Finder(frozenset({"invoiced-there"}), standing.invoiced_there),
        Finder(frozenset({"alive-there"}), standing.alive_there),
        Finder(frozenset(_EVENTS.values()) | {"event-to-see"}, _events),
        Finder(frozenset({"silent"}), _silent),
        Finder(frozenset({"stock-audit"}), _audits),
    ]


# --- the line to the marketplace ----------------------------------------------------------------

_ENDINGS = {
    Sent.REJECTED: "message-refused",
    Sent.EXHAUSTED: "message-gave-up",
    Sent.UNAUTHORISED: "key-refused",
}
_EVENTS = {
    Outcome.NOT_PLACED: "never-placed",
    Outcome.REFUSED: "feed-dead",
    Outcome.NOT_MADE: "feed-dead",
    Outcome.MADE_ANEW: "feed-renewed",
}


def _of_message(column: str) -> Subquery:
    """A column of the order a message is about."""
    order = Order.objects.filter(
        account=OuterRef("account"), marketplace_order_id=OuterRef("subject")
    )
    return Subquery(order.values(column)[:1])


def _told(messages: QuerySet[OutboxMessage], shape: Shaping, **columns: Any) -> Rows:
    of_order = {"order": _of_message("pk"), "cents": _of_message("payment_value_cents")}
    return shape(messages, **of_order, **columns)


def _unsent(now: datetime, shape: Shaping) -> Iterator[Rows]:
    messages = OutboxMessage.objects.filter(status__in=OutboxMessage.NEEDS_ATTENTION)
    cause = Case(*(When(status=ending, then=Value(code)) for ending, code in _ENDINGS.items()))
    yield _told(messages, shape, cause=cause, since=Coalesce("settled_at", "created_at"))


def _without_effect(now: datetime, shape: Shaping) -> Iterator[Rows]:
    missing = OutboxMessage.objects.filter(
        applied=OutboxMessage.Applied.MISSING, status=Sent.DELIVERED
    )
    yield _told(missing, shape, cause="not-applied", since=Coalesce("settled_at", "created_at"))


def _failing(now: datetime, shape: Shaping) -> Iterator[Rows]:
    failing = OutboxMessage.objects.filter(
        status=Sent.PENDING, trying_since__lt=now - FAILING_AFTER
    )
    yield _told(failing, shape, cause="message-failing", since="trying_since")


def _events(now: datetime, shape: Shaping) -> Iterator[Rows]:
    events = OrderEvent.objects.filter(flagged_at__isnull=False)
    known = (When(outcome=outcome, then=Value(code)) for outcome, code in _EVENTS.items())
    cause = Case(*known, default=Value("event-to-see"))
    yield shape(
        events,
        cause=cause,
        since="flagged_at",
        order="order_id",
        cents=F("order__payment_value_cents"),
    )


def _silent(now: datetime, shape: Shaping) -> Iterator[Rows]:
    """Accounts that sell, and hear nothing of what they sold, nor since of anything."""
    longest, shortest = SILENT_SPAN
    told = OrderEvent.objects.filter(source__in=[OrderEvent.Source.HOOK, OrderEvent.Source.FEED])
    heard = told.filter(order=OuterRef("pk"))
    # By id, which is the order of arrival: the latest is found at once.
    latest = told.filter(account=OuterRef("pk")).order_by("-id").values("received_at")[:1]
    paid = Order.objects.filter(
        account=OuterRef("pk"),
        placed_at__gt=now - longest,
        authorized_at__lt=now - shortest,
    ).order_by()
    nth = paid.order_by("-placed_at").values("authorized_at")[SILENT_ORDERS - 1 : SILENT_ORDERS]
    accounts = (
        SellerAccount.objects.filter(is_active=True)
        .exclude(app_key="")
        .annotate(nth=Subquery(nth), latest=Subquery(latest))
        .filter(~Exists(paid.filter(Exists(heard))), nth__isnull=False)
        .filter(Q(latest__isnull=True) | Q(latest__lt=F("nth")))
    )
    yield shape(accounts, cause="silent", since="nth", account="pk")


# --- decisions ------------------------------------------------------------------------------------


def _cancellations(now: datetime, shape: Shaping) -> Iterator[Rows]:
    asked = Order.objects.filter(status=Status.CANCEL_REQUESTED)
    since = Coalesce("cancel_asked_at", "placed_at")
    yield _order_rows(asked, shape, cause="cancel-asked", since=since, deadline="cancel_decide_by")


def _changes(now: datetime, shape: Shaping) -> Iterator[Rows]:
    received, accepted = OrderChange.Status.RECEIVED, OrderChange.Status.ACKNOWLEDGED
    waits = Q(status=received) | Q(status=accepted, received_at__lt=now - UNCONFIRMED_AFTER)
    cause = Case(
        When(status=received, then=Value("change-asked")), default=Value("change-unconfirmed")
    )
    yield shape(
        OrderChange.objects.filter(waits, status__in=OrderChange.OPEN),
        cause=cause,
        since="received_at",
        order="order_id",
        cents=F("order__payment_value_cents"),
    )


def _returns(now: datetime, shape: Shaping) -> Iterator[Rows]:
    waiting = Return.objects.filter(invoice__isnull=True, undone_at__isnull=True)
    yield shape(
        waiting,
        cause="return-to-invoice",
        since="received_at",
        account="order__account_id",
        order="order_id",
        cents=F("order__payment_value_cents"),
    )


def _returned(now: datetime, shape: Shaping) -> Iterator[Rows]:
    """The order moved there with its last return invoice, which must have arrived."""
    moved = TimelineEntry.objects.filter(order=OuterRef("pk"), to_status=Status.RETURNED)
    on_its_way = Q(invoices__kind="Input", invoices__voided_at=None) & ~Q(
        invoices__message__status=Sent.DELIVERED
    )
    orders = Order.objects.filter(status=Status.RETURNED).exclude(
        pk__in=Order.objects.filter(on_its_way, status=Status.RETURNED).values("pk")
    )
    since = Coalesce(Subquery(moved.order_by("-id").values("at")[:1]), "placed_at")
    yield _order_rows(orders, shape, cause="returned-not-cancelled", since=since)


def _problem_rows(entries: QuerySet[TimelineEntry], shape: Shaping) -> Rows:
    """Problems of orders that are still flagged; what somebody looked at since is settled."""
    seen = TimelineEntry.objects.filter(order=OuterRef("order"), code="seen", pk__gt=OuterRef("pk"))
    known = When(code__in=PROBLEM_CODES, then=F("code"))
    return shape(
        entries.filter(
            ~Exists(seen), kind=TimelineEntry.Kind.PROBLEM, order__flagged_at__isnull=False
        ),
        cause=Case(known, default=Value("problem")),
        since="at",
        account="order__account_id",
        order="order_id",
        cents=F("order__payment_value_cents"),
    )


def _problems(now: datetime, shape: Shaping) -> Iterator[Rows]:
    entries = TimelineEntry.objects.exclude(code__in=PROBLEMS_OF_PACKERS | {SHORT_PICK})
    yield _problem_rows(entries, shape)


def _problems_of_packers(now: datetime, shape: Shaping) -> Iterator[Rows]:
    yield _problem_rows(TimelineEntry.objects.filter(code__in=PROBLEMS_OF_PACKERS), shape)


# --- the warehouse ------------------------------------------------------------------------------


def _order_rows(orders: QuerySet[Order], shape: Shaping, **columns: Any) -> Rows:
    return shape(orders, order="pk", cents="payment_value_cents", **columns)


def _to_pack() -> QuerySet[Order]:
    """Work that nothing holds up."""
    return Order.objects.filter(
        status__in=[Status.AUTHORIZED, Status.HANDLING], change_asked_at__isnull=True
    )


def _late(now: datetime, shape: Shaping) -> Iterator[Rows]:
    yield _order_rows(_to_pack().filter(due_at__lt=now), shape, cause="late", since="due_at")


def _without_due_time(now: datetime, shape: Shaping) -> Iterator[Rows]:
    orders = _to_pack().filter(due_at__isnull=True)
    since = Coalesce("authorized_at", "placed_at")
    yield _order_rows(orders, shape, cause="no-due-time", since=since)


def _lying_about(now: datetime, shape: Shaping) -> Iterator[Rows]:
    """Packed in full, past its time, and not all of it with the carrier."""
    orders = Order.objects.filter(status=Status.INVOICED, due_at__lt=now)
    since = Coalesce("invoiced_at", "placed_at")
    yield _order_rows(orders, shape, cause="not-handed-over", since=since)


def _untracked(now: datetime, shape: Shaping) -> Iterator[Rows]:
    """The carrier has them, and nobody has told their numbers."""
    packages = Package.objects.filter(
        dispatched_at__lt=now - UNTRACKED_AFTER, tracking_number="", delivered_at__isnull=True
    )
    yield shape(
        packages.exclude(order__status__in=[Status.CANCELLED, Status.RETURNED]),
        cause="tracking-missing",
        since="dispatched_at",
        account="order__account_id",
        order="order_id",
        cents=F("order__payment_value_cents"),
    )


def _short_picks(now: datetime, shape: Shaping) -> Iterator[Rows]:
    yield shape(
        ShortPick.objects.open(),
        cause="short-pick",
        since="reported_at",
        account="order__account_id",
        order="order_id",
        cents=F("order__payment_value_cents"),
    )


def _audits(now: datetime, shape: Shaping) -> Iterator[Rows]:
    open_alarms = StockAudit.objects.filter(resolved_at__isnull=True)
    yield shape(open_alarms, cause="stock-audit", since="found_at")
