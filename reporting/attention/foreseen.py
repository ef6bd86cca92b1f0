"""What is not stuck yet, but will be: the warehouses that will miss hand-over times today."""

from __future__ import annotations

from datetime import datetime, time

from reporting.attention.rows import Row
from reporting.models import AttentionMark
from reporting.radar import today
from reporting.radar.today import Outlook

CAUSE = "likely-misses"


def foreseen(*, now: datetime, snoozed: bool) -> list[Row]:
    """A matter for each such warehouse; put off, it is put off for this day."""
    rows = [_row(each) for each in today.lately(now=now) if each.misses]
    put_off = set(
        AttentionMark.objects.filter(cause=CAUSE, snoozed_until__gt=now).values_list(
            "about", "since"
        )
    )
    return [row for row in rows if ((row.about, row.since) in put_off) == snoozed]


def _row(outlook: Outlook) -> Row:
    first = outlook.misses[0].due
    return Row(
        cause=CAUSE,
        about=outlook.warehouse_id,
        account_id=outlook.account_id,
        order_id=None,
        since=datetime.combine(first.date(), time(), first.tzinfo),
        deadline=None,
        cents=sum(each.cents for each in outlook.misses),
    )
