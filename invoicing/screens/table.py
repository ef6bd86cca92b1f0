"""The packing table: one order on the screen, and every gesture on it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from invoicing import gestures
from invoicing.models import Package, TableSettings
from invoicing.outcomes import Outcome
from invoicing.printing.facts import papers_of
from invoicing.screens.access import packer, packers_only
from invoicing.screens.acting import ACTIONS, package_id_in
from invoicing.screens.board import board_of
from invoicing.screens.due import clock
from invoicing.screens.liking import settings_of
from orders.models import Order
from sellers.errors import DomainError

#: Wrong item and too many sound different.
_TONES = {"too-many": "many"}


@require_GET
@packers_only
def table(request: HttpRequest, seller_order_id: str) -> HttpResponse:
    """The whole screen."""
    order = _order(seller_order_id)
    context = _context(request, order, package_id_in(request.GET))
    context |= {
        "liked": settings_of(packer(request)),
        "prints": TableSettings.Prints.choices,
        "paper": papers_of({order.account_id: order.account})[order.account_id],
        "before": _closed_before(request),
    }
    return render(request, "packing/table.html", context)


def _closed_before(request: HttpRequest) -> Package | None:
    """The package whose closing opened this order: it is one step back to open it again."""
    packages = Package.objects.select_related("order").filter(
        order__seller_order_id=request.GET.get("after", ""), status=Package.Status.CLOSED
    )
    return packages.order_by("-closed_at", "-pk").first() if "after" in request.GET else None


@require_GET
@packers_only
def state(request: HttpRequest, seller_order_id: str) -> HttpResponse:
    """The changing part of the screen, asked for every few seconds."""
    order = _order(seller_order_id)
    return JsonResponse(_fragment(request, order, package_id_in(request.GET)))


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
    package_id = outcome.package_id or package_id_in(request.POST)
    if request.headers.get("X-Requested-With") == "fetch":
        return JsonResponse(_answer(request, order, outcome, refusal, package_id))
    return _redirect(request, order, outcome, refusal, package_id)


def _perform(request: HttpRequest, order: Order, *, now: datetime) -> Outcome:
    action = request.POST.get("action", "")
    act = ACTIONS.get(action)
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


# Answers


def _answer(
    request: HttpRequest,
    order: Order,
    outcome: Outcome,
    refusal: DomainError | None,
    package_id: int | None,
) -> dict[str, Any]:
    said = {
        "tone": outcome.tone,
        "text": outcome.text,
        "goto": _address(outcome.goto),
        "refused": bool(refusal),
        "line": outcome.units[-1][0] if outcome.units else None,
    }
    shown = _fragment(request, _order(order.seller_order_id), package_id)
    return said | shown | {"closed": outcome.closed}


def _address(seller_order_id: str) -> str:
    return reverse("admin:packing_order", args=[seller_order_id]) if seller_order_id else ""


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
    now = timezone.now()
    return {
        "board": board_of(
            order, package_id=package_id, reader=reader, now=now, shows_all=_wants_all(request)
        ),
        "order": order,
        "packer": reader,
        "clock": clock(now),
    }


def _wants_all(request: HttpRequest) -> bool:
    return bool(request.POST.get("all") or request.GET.get("all"))


def _order(seller_order_id: str) -> Order:
    return get_object_or_404(
        Order.objects.select_related("account"), seller_order_id=seller_order_id
    )
