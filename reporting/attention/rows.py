"""One shape for whatever is stuck, so that all of it is asked for in one statement."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.db import models
from django.db.models import Exists, F, OuterRef, QuerySet, Value
from django.db.models.functions import Cast

from reporting.models import AttentionMark

#: Of one cause; who has more of it knows enough, and clears these first.
MOST = 200


class Row(NamedTuple):
    """A stuck thing: its cause, the row it is about, since when, by when it must be decided.

    `order_id` and `cents` (what the marketplace pays for that order) where there is an order.
    """

    cause: str
    about: int
    account_id: int
    order_id: int | None
    since: datetime
    deadline: datetime | None
    cents: int | None

    @property
    def key(self) -> str:
        return f"{self.cause}:{self.about}"


Rows = QuerySet[Any, Any]


def rows_of(
    things: QuerySet[Any],
    *,
    cause: str | models.Expression,
    since: str | models.Expression,
    account: str = "account_id",
    order: str | models.Expression | None = None,
    deadline: str | None = None,
    cents: str | models.Expression | None = None,
    now: datetime,
    snoozed: bool,
    only: Mapping[str, int] | None = None,
) -> Rows:
    """`things` in that shape, the longest stuck first; those put off, or all the others.

    `only` narrows it: `{"about": 7}` to one row, `{"order": 7}` to one order.
    """
    found = things.annotate(
        m_cause=_text(cause),
        m_about=F("pk"),
        m_account=F(account),
        m_order=_expression(order, models.BigIntegerField()),
        m_since=F(since) if isinstance(since, str) else since,
        m_deadline=_expression(deadline, models.DateTimeField()),
        m_cents=_expression(cents, models.BigIntegerField()),
    )
    mark = AttentionMark.objects.filter(
        cause=OuterRef("m_cause"),
        about=OuterRef("m_about"),
        since=OuterRef("m_since"),
        snoozed_until__gt=now,
    )
    chosen = found.filter(Exists(mark)) if snoozed else found.filter(~Exists(mark))
    for column, pk in (only or {}).items():
        chosen = chosen.filter(**{f"m_{column}": pk})
    names = [f"m_{name}" for name in ("cause", "about", "account", "order", "since", "deadline")]
    shaped: Rows = chosen.order_by("m_since").values_list(*names, "m_cents")[: MOST + 1]
    return shaped


def _text(cause: str | models.Expression) -> models.Expression:
    named = Value(cause) if isinstance(cause, str) else cause
    return Cast(named, models.CharField(max_length=60))


def _expression(
    given: str | models.Expression | None, field: models.Field[Any, Any]
) -> F | models.Expression:
    """Empty columns need a type of their own, or the statements would not fit together."""
    if given is None:
        return Cast(Value(None), field)
    return F(given) if isinstance(given, str) else given
