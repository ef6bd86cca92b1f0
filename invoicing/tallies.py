"""How many orders each filter of the queue would show.

Counted are the soonest due orders, up to a bound and in one statement; beyond it a number says so
by a plus. Each filter's number respects what else is chosen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef, QuerySet

from invoicing import queueing
from invoicing.queueing import Choice
from orders.models import Order, OrderLine
from orders.states import OPEN, Status
from sellers.models import ShippingPolicy

MOST = 999

#: By dimension: the values under which an order is found.
_Facts = Mapping[str, frozenset[Hashable]]


@dataclass(frozen=True)
class Tallies:
    """Numbers by dimension (a field of `Choice`) and value."""

    by: Mapping[str, Counter[Any]]
    is_bounded: bool

    def told(self, dimension: str, value: Hashable) -> str:
        return f"{self.by[dimension][value]}{'+' if self.is_bounded else ''}"


def tally(choice: Choice, *, policies: Iterable[ShippingPolicy], now: datetime) -> Tallies:
    """The numbers beside the filters, for what is open; in view of what is packed, for that."""
    statuses = (Status.INVOICED,) if choice.view == "packed" else OPEN
    rows = _window(statuses)
    midnights = {
        account: queueing.tonight(now, zone)
        for zone, accounts in queueing.zones_of_accounts().items()
        for account in accounts
    }
    names = {(policy.account_id, policy.ref): policy.pk for policy in policies}
    facts = [_facts_of(row, names=names, midnights=midnights, now=now) for row in rows[:MOST]]
    wanted = _wanted(choice)
    by = {dimension: _count(facts, dimension, wanted) for dimension in asdict(choice)}
    return Tallies(by, is_bounded=len(rows) > MOST)


def _window(statuses: Iterable[Status]) -> list[Any]:
    lines = OrderLine.objects.filter(order=OuterRef("pk"), quantity__gt=0)
    orders = queueing.with_stage(Order.objects.filter(status__in=statuses)).annotate(
        line_count=queueing.line_count(),
        warehouses=_set(queueing.places(), "level__warehouse"),
        policies=_set(lines, "policy_ref"),
    )
    soonest = orders.order_by(F("due_at").asc(nulls_last=True), "pk")
    return list(soonest.values_list(*_COLUMNS, named=True)[: MOST + 1])


def _set(rows: QuerySet[Any], name: str) -> ArraySubquery:
    return ArraySubquery(rows.order_by().values(name).distinct())


_COLUMNS = (
    "account",
    "status",
    "change_asked_at",
    "due_at",
    "is_walked",
    "is_picked",
    "is_boxed",
    "is_short",
    "line_count",
    "warehouses",
    "policies",
)


def _facts_of(
    row: Any,
    *,
    names: Mapping[tuple[int, str], int],
    midnights: Mapping[int, datetime],
    now: datetime,
) -> _Facts:
    found: dict[str, Iterable[Hashable]] = {
        "view": ("open", queueing.stage_of(row)),
        "due": (queueing.due_of(row.due_at, midnights[row.account], now=now),),
        "lines": ("one" if row.line_count == 1 else "many",),
        "account": (row.account,),
        "warehouse": row.warehouses,
        "policy": (names.get((row.account, ref)) for ref in row.policies),
    }
    return {dimension: frozenset(values) for dimension, values in found.items()}


def _wanted(choice: Choice) -> dict[str, Hashable]:
    return {dimension: value for dimension, value in asdict(choice).items() if value}


def _count(facts: Iterable[_Facts], dimension: str, wanted: Mapping[str, Hashable]) -> Counter[Any]:
    """The values of one dimension among the orders that fit all the others."""
    others = [(name, value) for name, value in wanted.items() if name != dimension]
    fitting = (each for each in facts if all(value in each[name] for name, value in others))
    return Counter(value for each in fitting for value in each[dimension])
