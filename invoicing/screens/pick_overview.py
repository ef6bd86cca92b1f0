"""Who is walking at the moment, and how far: from the picks themselves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Aggregate, Count, Max, QuerySet, Sum

from invoicing.models import Pick, PickGesture, PickList, PickSlot
from sellers.admin.base import local
from sellers.models import User

LATELY = timedelta(hours=24)
MOST = 50


@dataclass(frozen=True)
class ListCard:
    """`last` is when something was done on it, on the account's clocks; `minutes` net of pauses."""

    pick_list: PickList
    orders: int
    units: int
    last: str
    minutes: int
    is_mine: bool


def under_way(*, reader: User, now: datetime) -> list[ListCard]:
    """Open lists, the reader's own first, then the oldest."""
    rows = _lists().filter(finished_at=None).order_by("pk")
    cards = _cards(rows[:MOST], reader=reader, now=now)
    return sorted(cards, key=lambda card: not card.is_mine)


def finished_lately(*, reader: User, now: datetime) -> list[ListCard]:
    rows = _lists().filter(finished_at__gt=now - LATELY).order_by("-finished_at")
    return _cards(rows[:MOST], reader=reader, now=now)


def _lists() -> QuerySet[PickList]:
    return PickList.objects.select_related("owner", "warehouse__account")


def _cards(rows: Iterable[PickList], *, reader: User, now: datetime) -> list[ListCard]:
    """Three more queries, however many lists there are."""
    found = list(rows)
    slots = _by_list(PickSlot.objects.filter(pick_list__in=found), Count("pk"))
    last = _by_list(PickGesture.objects.filter(pick_list__in=found), Max("at"))
    picks = Pick.objects.filter(slot__pick_list__in=found, gesture__undone_at=None)
    units = dict(picks.values_list("slot__pick_list").annotate(it=Sum("quantity")).order_by())
    return [
        ListCard(
            pick_list=row,
            orders=slots.get(row.pk, 0),
            units=units.get(row.pk, 0),
            last=local(last.get(row.pk, row.started_at), row.warehouse.account.zone),
            minutes=_minutes(row, now=now),
            is_mine=row.owner_id == reader.pk,
        )
        for row in found
    ]


def _by_list(rows: QuerySet[Any], what: Aggregate) -> dict[int, Any]:
    return dict(rows.values_list("pick_list").annotate(it=what).order_by())


def _minutes(row: PickList, *, now: datetime) -> int:
    until = row.finished_at or row.paused_at or now
    return int((until - row.started_at - row.paused_for).total_seconds()) // 60
