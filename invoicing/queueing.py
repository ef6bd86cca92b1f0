"""Which orders the work queue shows: filters that are addresses, and pages by key.

Everything is asked of the index of open work, soonest due first, so a million orders that are over
cost nothing. A filter looks at open orders one by one, by index, until the page is full.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.lookups import IsNull
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from invoicing.models import PackageItem, Pick, PickSlot, ShortPick
from orders.models import Order, OrderLine
from orders.states import OPEN, Status
from sellers.models import Hold, SellerAccount, ShippingPolicy
from sellers.row_ids import is_row_id

#: The stages of the work; an open order is in one of the first five.
STAGES = ("ready", "picking", "picked", "begun", "stopped", "packed")
#: Orders that the queue can show.
SHOWN = (*OPEN, Status.INVOICED)
#: What may be picked and packed.
WORKED = (Status.AUTHORIZED, Status.HANDLING)
DUES = ("late", "today", "tomorrow", "later")
LINES = ("one", "many")


@dataclass(frozen=True)
class Choice:
    """What somebody chose to see; its address can be bookmarked. Numbers are row ids."""

    view: str = "open"
    due: str = ""
    lines: str = ""
    account: int | None = None
    warehouse: int | None = None
    policy: int | None = None

    def changed(self, **facts: Any) -> Choice:
        return replace(self, **facts)

    @property
    def query(self) -> str:
        """As the end of an address; nothing for what is not chosen."""
        return urlencode({name: value for name, value in asdict(self).items() if value})

    @property
    def narrows(self) -> bool:
        """Whether anything but the stage is chosen."""
        return self.changed(view="open") != Choice()


def choice_from(query: Mapping[str, str]) -> Choice:
    """What an address asks for; nonsense asks for nothing."""
    return Choice(
        view=_one_of(STAGES, query.get("view", "")) or "open",
        due=_one_of(DUES, query.get("due", "")),
        lines=_one_of(LINES, query.get("lines", "")),
        account=_row_id(query.get("account", "")),
        warehouse=_row_id(query.get("warehouse", "")),
        policy=_row_id(query.get("policy", "")),
    )


def _one_of(known: tuple[str, ...], text: str) -> str:
    return text if text in known else ""


def _row_id(text: str) -> int | None:
    return int(text) if is_row_id(text) else None


def orders_of(choice: Choice, *, now: datetime) -> QuerySet[Order]:
    """The orders of a choice, in no order yet; each says what `with_stage` adds."""
    orders = _in_stage(choice.view)
    if choice.due:
        orders = orders.filter(_due(choice.due, now=now))
    if choice.lines:
        orders = orders.alias(lines_here=line_count())
        one = Q(lines_here=1)
        orders = orders.filter(one if choice.lines == "one" else ~one)
    if choice.account:
        orders = orders.filter(account=choice.account)
    if choice.warehouse:
        orders = orders.filter(_some(places().filter(level__warehouse=choice.warehouse)))
    if choice.policy:
        orders = orders.filter(_sent_by(choice.policy))
    return orders


def with_stage(orders: QuerySet[Order]) -> QuerySet[Order]:
    """Adds what the stage depends on, each asked by order id."""
    return orders.annotate(
        is_walked=Exists(_walks()),
        is_picked=_some(_picks()),
        is_boxed=_some(_boxed()),
        is_short=Exists(_shorts()),
    )


def _walks() -> QuerySet[PickSlot]:
    return PickSlot.objects.filter(order=OuterRef("pk"), closed_at=None)


def _picks() -> QuerySet[Pick]:
    return Pick.objects.filter(slot__order=OuterRef("pk"), gesture__undone_at=None)


def _boxed() -> QuerySet[PackageItem]:
    return PackageItem.objects.filter(package__order=OuterRef("pk"))


def _shorts() -> QuerySet[ShortPick]:
    return ShortPick.objects.open().filter(order=OuterRef("pk"))


def _some(rows: QuerySet[Any], *, are_there: bool = True) -> IsNull:
    """Whether an outer order has such rows. Not EXISTS, which the planner may turn into a join
    with all rows there ever were: this is asked of each open order, by index."""
    first = Subquery(rows.order_by().values("pk")[:1])
    return IsNull(first, not are_there)


def stage_of(order: Any) -> str:
    """Where the work on an order stands; `order` has what `with_stage` adds."""
    if order.status == Status.INVOICED:
        return "packed"
    if order.status == Status.CANCEL_REQUESTED or order.change_asked_at or order.is_short:
        return "stopped"
    if order.status == Status.AUTHORIZED:
        return "ready"
    if order.is_walked:
        return "picking"
    if order.is_picked:
        return "picked"
    # Taken up and laid down again, with nothing in hand: as ready as it was.
    return "begun" if order.is_boxed else "ready"


def _in_stage(stage: str) -> QuerySet[Order]:
    """The same as a condition."""
    orders = with_stage(Order.objects.all())
    if stage == "open":
        return orders.filter(status__in=OPEN)
    if stage == "packed":
        return orders.filter(status=Status.INVOICED)
    stopped = Q(status=Status.CANCEL_REQUESTED) | Q(change_asked_at__isnull=False)
    stopped |= Q(_some(_shorts()))
    if stage == "stopped":
        return orders.filter(stopped, status__in=OPEN)
    moving = orders.filter(_some(_shorts(), are_there=False), change_asked_at=None)
    if stage == "picking":
        return moving.filter(_some(_walks()), status=Status.HANDLING)
    laid_down = Q(_some(_walks(), are_there=False), status=Status.HANDLING)
    if stage == "picked":
        return moving.filter(laid_down, _some(_picks()))
    laid_down &= Q(_some(_picks(), are_there=False))
    if stage == "begun":
        return moving.filter(laid_down, _some(_boxed()))
    untouched = laid_down & Q(_some(_boxed(), are_there=False))
    # Both statuses by name: so the index of open work serves.
    return moving.filter(Q(status=Status.AUTHORIZED) | untouched, status__in=WORKED)


def places() -> QuerySet[Hold]:
    """Where the units of an outer order lie or lay."""
    holds = Hold.objects.filter(seller_order_id=OuterRef("seller_order_id"))
    return holds.exclude(state=Hold.State.RELEASED)


def line_count() -> Subquery:
    """How many lines an outer order has."""
    lines = OrderLine.objects.filter(order=OuterRef("pk"), quantity__gt=0).order_by()
    return Subquery(lines.values("order").annotate(count=Count("pk")).values("count"))


def _sent_by(policy_id: int) -> Q:
    policy = ShippingPolicy.objects.filter(pk=policy_id).first()
    if policy is None:
        return Q(pk__in=())
    lines = OrderLine.objects.filter(order=OuterRef("pk"), policy_ref=policy.ref, quantity__gt=0)
    return Q(_some(lines), account=policy.account_id)


# When it is due, by the clocks of each account


def _due(name: str, *, now: datetime) -> Q:
    if name == "late":
        return Q(due_at__lt=now)
    zones = zones_of_accounts()
    condition = Q()
    for zone, accounts in zones.items():
        here = _between(name, tonight(now, zone), now=now)
        condition |= here if len(zones) == 1 else here & Q(account__in=accounts)
    return condition


def _between(name: str, midnight: datetime, *, now: datetime) -> Q:
    tomorrow = midnight + timedelta(days=1)
    if name == "today":
        return Q(due_at__gte=now, due_at__lt=midnight)
    if name == "tomorrow":
        return Q(due_at__gte=midnight, due_at__lt=tomorrow)
    return Q(due_at__gte=tomorrow) | Q(due_at=None)


def due_of(due_at: datetime | None, midnight: datetime, *, now: datetime) -> str:
    """Which of `DUES` a moment is, when the account's day ends at `midnight`."""
    if due_at is None or due_at >= midnight + timedelta(days=1):
        return "later"
    if due_at < now:
        return "late"
    return "today" if due_at < midnight else "tomorrow"


def tonight(now: datetime, zone: ZoneInfo) -> datetime:
    """When the local day of `now` ends."""
    day = timezone.localdate(now, zone) + timedelta(days=1)
    return datetime(day.year, day.month, day.day, tzinfo=zone)


def zones_of_accounts() -> dict[ZoneInfo, list[int]]:
    zones: dict[ZoneInfo, list[int]] = defaultdict(list)
    for account in SellerAccount.objects.only("timezone"):
        zones[account.zone].append(account.pk)
    return zones


# Pages by key


def page_of(orders: QuerySet[Order], *, after: str, size: int) -> tuple[list[Order], str]:
    """`size` orders behind the cursor `after`, soonest due first, and the cursor of the next page.

    By key: the page a thousand screens down costs like the first. What has no time comes last.
    """
    due_at, last = _read(after)
    orders = orders.select_related("account")
    found: list[Order] = []
    if last is None or due_at is not None:
        found += _timed(orders, due_at, last)[: size + 1]
        last = None
    if len(found) <= size:
        untimed = orders.filter(due_at=None, pk__gt=last or 0).order_by("pk")
        found += untimed[: size + 1 - len(found)]
    more = _written(found[size - 1]) if len(found) > size else ""
    return found[:size], more


def _timed(orders: QuerySet[Order], due_at: datetime | None, last: int | None) -> QuerySet[Order]:
    timed = orders.filter(due_at__isnull=False).order_by("due_at", "pk")
    if due_at is None or last is None:
        return timed
    # The row's own moment bounds the index; equal moments are told apart by id.
    return timed.filter(due_at__gte=due_at).exclude(due_at=due_at, pk__lte=last)


def _read(cursor: str) -> tuple[datetime | None, int | None]:
    moment, _comma, last = cursor.rpartition(",")
    known = _row_id(last)
    try:
        return (parse_datetime(moment) if moment else None), known
    except ValueError:
        return None, known


def _written(order: Order) -> str:
    return f"{order.due_at.isoformat() if order.due_at else ''},{order.pk}"
