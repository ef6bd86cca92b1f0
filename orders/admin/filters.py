"""Which orders: by the work they need and by when they are due. Each choice is an address."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from orders.models import Order
from orders.states import CLOSED, OPEN, Status
from sellers.models import SellerAccount

OPEN_WORK = "open"
TO_LOOK_AT = "look"
TO_CHANGE = "change"
EVERYTHING = "all"

#: What people ask for -> the statuses it means.
GROUPS: dict[str, tuple[Any, tuple[Status, ...]]] = {
    OPEN_WORK: (_("open work"), OPEN),
    "pick": (_("ready to pick"), (Status.AUTHORIZED,)),
    "packing": (_("being packed"), (Status.HANDLING,)),
    "asked": (_("cancellation asked"), (Status.CANCEL_REQUESTED,)),
    "ready": (_("ready to hand over"), (Status.INVOICED,)),
    "unpaid": (_("waiting for payment"), (Status.RESERVED,)),
    "under-way": (_("under way"), (Status.SHIPPED,)),
    "closed": (_("finished"), (*CLOSED, Status.EXPIRED)),
}


class WorkFilter(SimpleListFilter):
    """Open work unless something else is asked for; a search looks everywhere."""

    title = _("work")
    parameter_name = "work"

    def __init__(self, request: HttpRequest, *args: Any) -> None:
        self.searching = bool(request.GET.get("q"))
        super().__init__(request, *args)

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        groups = [(key, title) for key, (title, _of) in GROUPS.items()]
        rest = [(TO_CHANGE, _("change asked")), (TO_LOOK_AT, _("needs a look"))]
        return [*groups, *rest, (EVERYTHING, _("all"))]

    def value(self) -> str:
        chosen = super().value()
        if chosen in GROUPS or chosen in (TO_CHANGE, TO_LOOK_AT, EVERYTHING):
            return str(chosen)
        return EVERYTHING if self.searching else OPEN_WORK

    def choices(self, changelist: Any) -> Any:
        for key, title in self.lookup_choices:
            yield {
                "selected": self.value() == key,
                "query_string": changelist.get_query_string({self.parameter_name: key}, ["p"]),
                "display": title,
            }

    def queryset(self, request: HttpRequest, queryset: QuerySet[Order]) -> QuerySet[Order]:
        if self.value() == TO_LOOK_AT:
            return queryset.filter(flagged_at__isnull=False)
        if self.value() == TO_CHANGE:
            return queryset.filter(change_asked_at__isnull=False)
        group = GROUPS.get(self.value())
        return queryset.filter(status__in=group[1]) if group else queryset


class DueFilter(SimpleListFilter):
    """By the moment they must be handed over; a day is the account's own day."""

    title = _("due")
    parameter_name = "due"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("late", _("late")),
            ("today", _("today")),
            ("tomorrow", _("tomorrow")),
            ("week", _("next 7 days")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Order]) -> QuerySet[Order]:
        now = timezone.now()
        chosen = self.value()
        if chosen == "late":
            return queryset.filter(status__in=OPEN, due_at__lt=now)
        spans = {"today": (0, 1), "tomorrow": (1, 2), "week": (0, 7)}
        if chosen not in spans:
            return queryset
        condition = Q(pk__in=[])
        for account in SellerAccount.objects.all():
            since, until = (_midnight(now, account, days) for days in spans[chosen])
            condition |= Q(account=account, due_at__gte=since, due_at__lt=until)
        return queryset.filter(condition)


def _midnight(now: datetime, account: SellerAccount, days: int) -> datetime:
    day = timezone.localtime(now, account.zone).date() + timedelta(days=days)
    return datetime.combine(day, time(), tzinfo=account.zone)
