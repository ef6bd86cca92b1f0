"""Business days of warehouses as numbers, so that the database can count them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from django.db import transaction
from django.db.models import Q

from reporting.models import Workday
from sellers.models import Closure, SellerAccount, Warehouse
from simulation import calendar
from simulation.tariffs import days_off
from simulation.types import Calendar

#: No promise reaches further.
_DAYS_AHEAD = 400
_DAY = timedelta(days=1)


@transaction.atomic
def number(account: SellerAccount, *, first: date, today: date) -> None:
    """Number the days of every warehouse from `first` on, in place of what was known.

    A warehouse whose days are as they were is left alone.
    """
    last = today + _DAYS_AHEAD * _DAY
    for warehouse in Warehouse.objects.filter(account=account).order_by("pk"):
        wanted = dict(_numbered(warehouse, first, last))
        known = Workday.objects.filter(warehouse=warehouse)
        if dict(known.values_list("day", "number")) != wanted:
            known.delete()
            Workday.objects.bulk_create(
                Workday(warehouse=warehouse, day=day, number=count) for day, count in wanted.items()
            )


def _numbered(warehouse: Warehouse, first: date, last: date) -> Iterator[tuple[date, int]]:
    by_year: dict[int, Calendar] = {}
    closed = _closed(warehouse)
    count, day = 0, first
    while day <= last:
        if day.year not in by_year:
            by_year[day.year] = _calendar(warehouse, day.year, closed)
        count += calendar.is_business_day(day, by_year[day.year])
        yield day, count
        day += _DAY


def _calendar(warehouse: Warehouse, year: int, closed: frozenset[date]) -> Calendar:
    weekend, public = days_off(
        country=warehouse.country,
        state=warehouse.state,
        postal_code=warehouse.postal_code,
        year=year,
    )
    return Calendar(weekend, public | closed)


def _closed(warehouse: Warehouse) -> frozenset[date]:
    own = Q(warehouse=warehouse) | Q(warehouse=None)
    found = Closure.objects.filter(own, account=warehouse.account_id)
    return frozenset(found.values_list("closed_on", flat=True))
