"""The packing table: one order on the screen, and every gesture on it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from invoicing import gestures, tracking
from invoicing.gestures import Outcome
from invoicing.models import Package
from invoicing.screens.access import packer, packers_only
from invoicing.screens.board import board_of
from orders.models import Order, OrderLine
from sellers.errors import DomainError
from sellers.models import User

#: Wrong item and too many sound different.
_TONES = {"too-many": "many"}


@require_GET
@packers_only
def table(request: HttpRequest, seller_order_id: str) -> HttpResponse:
    """The whole screen."""
    order = _order(seller_order_id)
    context = _context(request, order, _package_id(request.GET))
    return render(request, "packing/table.html", context)


@require_GET
@packers_only
def state(request: HttpRequest, seller_order_id: str) -> HttpResponse:
    """The changing part of the screen, asked for every few seconds."""
    order = _order(seller_order_id)
    return JsonResponse(_fragment(request, order, _package_id(request.GET)))


@require_POST
@packers_only
def gesture(request: HttpRequest, seller_order_id: str) -> HttpResponse:
    """One gesture, from the script (answered with the new board) or a plain form (redirected)."""
    order = _order(seller_order_id)
    try:
        outcome, refusal = _perform(request, order, now=timezone.now()), None
    except DomainError as error:
        tone = _TONES.get(error.code, "wrong")
        outcome, refusal = Outcome(error.message, tone=tone), error
    package_id = outcome.package_id or _package_id(request.POST)
    if request.headers.get("X-Requested-With") == "fetch":
        return JsonResponse(_answer(request, order, outcome, refusal, package_id))
    return _redirect(request, order, outcome, refusal, package_id)


def _perform(request: HttpRequest, order: Order, *, now: datetime) -> Outcome:
    action = request.POST.get("action", "")
    act = _ACTIONS.get(action)
    key = request.POST.get("gesture", "")
    if act is None or not 8 <= len(key) <= 40:
        raise DomainError("bad-gesture", _("The screen sent something unknown: load it again."))
    actor = packer(request)
    return gestures.once(
        order=order,
        key=key,
        action=action,
        now=now,
        actor=actor,
        act=lambda: act(request, order, now, actor),
    )


def _scan(request: HttpRequest, order: Order, now: datetime, actor: User) -> Outcome:
    return gestures.scan(
        order=order,
        package_id=_package_id(request.POST),
        code=request.POST.get("code", "")[:200],
        now=now,
        actor=actor,
    )


def _put(request: HttpRequest, order: Order, now: datetime, actor: User) -> Outcome:
    return gestures.put(
        order=order,
        package_id=_package_id(request.POST),
        line=_line(request, order),
        quantity=_whole(request, "quantity", default=1),
        now=now,
        actor=actor,
    )


def _take_out(request: HttpRequest, order: Order, now: datetime, actor: User) -> Outcome:
    return gestures.take_out(
        package=_package(request, order),
        line=_line(request, order),
        quantity=_whole(request, "quantity", default=1),
        now=now,
        actor=actor,
    )


def _close(request: HttpRequest, order: Order, now: datetime, actor: User) -> Outcome:
    weight_g = _whole(request, "weight_g", default=0)
    number = request.POST.get("number", "").strip()
    key = request.POST.get("key", "").strip()
    # A scanner at the number field reads the access key off the printed invoice.
    if len(number.replace(" ", "")) == 44:
        number, key = "", number
    return gestures.close(
        package=_package(request, order),
        number=number,
        key=key,
        weight_g=weight_g or None,
        now=now,
        actor=actor,
    )


def _reopen(request: HttpRequest, order: Order, now: datetime, actor: User) -> Outcome:
    return gestures.reopen(package=_package(request, order), now=now, actor=actor)


def _new(_request: HttpRequest, order: Order, now: datetime, actor: User) -> Outcome:
    return gestures.new(order=order, now=now, actor=actor)


def _undo(_request: HttpRequest, order: Order, now: datetime, actor: User) -> Outcome:
    return gestures.undo(order=order, now=now, actor=actor)


def _track(request: HttpRequest, order: Order, now: datetime, actor: User) -> Outcome:
    package = tracking.enter_tracking(
        package=_package(request, order),
        courier=request.POST.get("courier", ""),
        number=request.POST.get("tracking_number", ""),
        url=request.POST.get("tracking_url", ""),
        dispatched_on=_day(request, order, now),
        now=now,
        actor=actor,
    )
    facts = {"number": package.number}
    return Outcome(_("Package %(number)d is with the carrier.") % facts, tone="done")


def _deliver(request: HttpRequest, order: Order, now: datetime, actor: User) -> Outcome:
    package = tracking.deliver(
        package=_package(request, order), delivered_at=now, now=now, actor=actor
    )
    return Outcome(_("Package %(number)d is delivered.") % {"number": package.number}, tone="done")


_ACTIONS: dict[str, Callable[[HttpRequest, Order, datetime, User], Outcome]] = {
    "scan": _scan,
    "put": _put,
    "take-out": _take_out,
    "new": _new,
    "close": _close,
    "reopen": _reopen,
    "undo": _undo,
    "track": _track,
    "deliver": _deliver,
}


# Answers


def _answer(
    request: HttpRequest,
    order: Order,
    outcome: Outcome,
    refusal: DomainError | None,
    package_id: int | None,
) -> dict[str, Any]:
    goto = reverse("admin:packing_order", args=[outcome.goto]) if outcome.goto else ""
    said = {"tone": outcome.tone, "text": outcome.text, "goto": goto, "refused": bool(refusal)}
    return said | _fragment(request, _order(order.seller_order_id), package_id)


def _redirect(
    request: HttpRequest,
    order: Order,
    outcome: Outcome,
    refusal: DomainError | None,
    package_id: int | None,
) -> HttpResponse:
    level = messages.ERROR if refusal else messages.SUCCESS
    messages.add_message(request, level, outcome.text)
    target = reverse("admin:packing_order", args=[outcome.goto or order.seller_order_id])
    return redirect(f"{target}?package={package_id}" if package_id else target)


def _fragment(request: HttpRequest, order: Order, package_id: int | None) -> dict[str, Any]:
    context = _context(request, order, package_id)
    board = context["board"]
    return {
        "html": render_to_string("packing/_board.html", context, request=request),
        "package": board.current.package.pk if board.current else None,
        "waiting": board.waiting,
    }


def _context(request: HttpRequest, order: Order, package_id: int | None) -> dict[str, Any]:
    reader = packer(request)
    board = board_of(order, package_id=package_id, reader=reader, now=timezone.now())
    return {"board": board, "order": order, "packer": reader}


# Reading the form


def _order(seller_order_id: str) -> Order:
    return get_object_or_404(
        Order.objects.select_related("account"), seller_order_id=seller_order_id
    )


def _package_id(form: Any) -> int | None:
    text = form.get("package", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def _package(request: HttpRequest, order: Order) -> Package:
    packages = Package.objects.select_related("order__account")
    return get_object_or_404(packages, order=order, pk=_package_id(request.POST) or 0)


def _line(request: HttpRequest, order: Order) -> OrderLine:
    text = request.POST.get("line", "")
    known = int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0
    return get_object_or_404(OrderLine, order=order, pk=known)


def _whole(request: HttpRequest, name: str, *, default: int) -> int:
    text = request.POST.get(name, "").strip()
    if not text:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) < 9):
        raise DomainError("not-a-number", _("Give a whole number."))
    return int(text)


def _day(request: HttpRequest, order: Order, now: datetime) -> date:
    text = request.POST.get("dispatched_on", "").strip()
    if not text:
        return timezone.localdate(now, order.account.zone)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise DomainError("bad-date", _("This is not a date.")) from None
