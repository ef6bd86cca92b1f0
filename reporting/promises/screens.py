"""One order's promise then and now, on the screen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from orders.models import Order
from reporting.declarations import may_read
from reporting.models import Promise
from reporting.promises.again import LineAgain, promised_now
from reporting.promises.by_order import COLOURS, ORDERS
from sellers.admin.base import NOTHING, local, money
from sellers.errors import DomainError
from simulation.sentences import spell


@dataclass(frozen=True)
class Past:
    """What became of the lines of one SLA, as text."""

    sla: str
    outcome: str
    colour: str
    facts: list[tuple[str, str]]


@dataclass(frozen=True)
class Line:
    """A line then and now, as text; no `now`: the SLA does not go there any more."""

    name: str
    sla: str
    then: str
    now: str
    by: str
    freight: str
    freight_now: str
    more: str


def promise_now(request: HttpRequest, order_id: int) -> HttpResponse:
    if not may_read(ORDERS, request.user):
        raise PermissionDenied
    order = get_object_or_404(Order.objects.select_related("account"), pk=order_id)
    names = dict(order.account.policies.values_list("ref", "name"))
    context = {
        **admin.site.each_context(request),
        "title": _("Promised then and now: %(order)s") % {"order": order.marketplace_order_id},
        "order_link": reverse("admin:orders_order_change", args=[order.pk]),
        "past": [_past(order, promise, names) for promise in Promise.objects.filter(order=order)],
    }
    try:
        found = promised_now(order, now=timezone.now())
        context["lines"] = [_line(order, each, names) for each in found]
    except DomainError as error:
        context["problem"] = error.message
    return TemplateResponse(request, "reporting/promise_now.html", context)


def _past(order: Order, promise: Promise, names: Mapping[str, str]) -> Past:
    return Past(
        sla=_named(promise.policy_ref, names),
        outcome=promise.get_outcome_display(),
        colour=COLOURS[Promise.Outcome(promise.outcome)],
        facts=list(_facts(order, promise)),
    )


def _facts(order: Order, promise: Promise) -> Iterator[tuple[str, str]]:
    yield _("Authorised"), _moment(order, promise.paid_at)
    yield _("Promised for"), _moment(order, promise.promised_at)
    yield _("Hand over by"), _moment(order, order.due_at)
    yield _("Handed over"), _moment(order, order.shipped_at)
    yield _("Delivered"), _moment(order, order.delivered_at)
    for label, days in (
        (_("Days promised"), promise.days_promised),
        (_("Days taken"), promise.days_taken),
        (_("Days late"), promise.days_late),
    ):
        yield label, NOTHING if days is None else str(days)
    yield _("Given back"), money(promise.returned_cents, order.account.currency)
    yield _("Cost of lateness"), money(promise.cost_cents, order.account.currency)


def _moment(order: Order, at: datetime | None) -> str:
    return NOTHING if at is None else local(at, order.account.zone)


def _line(order: Order, found: LineAgain, names: Mapping[str, str]) -> Line:
    line, offer, currency = found.line, found.offer, order.account.currency
    more = found.more_freight
    return Line(
        name=f"{line.quantity} × {line.name}",
        sla=_named(line.policy_ref, names),
        then=_spelled(line.shipping_estimate),
        now=spell(offer.promise.estimate) if offer else "",
        by=local(offer.promise.by, order.account.zone) if offer else "",
        freight=money(line.freight_cents, currency),
        freight_now=money(offer.price, currency) if offer else NOTHING,
        more=("+" if more > 0 else "−") + money(abs(more), currency) if more else "",
    )


def _named(ref: str, names: Mapping[str, str]) -> str:
    """An SLA by its name; by its id once we don't have it any more."""
    return names.get(ref) or ref or NOTHING


def _spelled(estimate: str) -> str:
    """In words; what is no estimate stays as it came."""
    try:
        return spell(estimate)
    except (KeyError, ValueError):
        return estimate or NOTHING
