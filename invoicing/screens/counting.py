"""The counting screens: the counts that wait, and one count with its scan box."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from invoicing import stocktaking
from invoicing.models import StockCount
from invoicing.screens.access import packer, packers_only
from invoicing.screens.count_board import board_of
from invoicing.screens.fields import whole
from invoicing.stocktaking import Told
from sellers.errors import DomainError
from sellers.models import Warehouse

LATEST = 30


@require_http_methods(["GET", "POST"])
@packers_only
def desk(request: HttpRequest) -> HttpResponse:
    """What is being counted or waits to be recorded; and a new count."""
    if request.method == "POST":
        return _begin(request)
    counts = StockCount.objects.select_related("warehouse", "owner", "recorded_by")
    shown = counts.annotate(items=Count("counted"))
    context = {
        "open": shown.filter(recorded_at=None, dropped_at=None).order_by("-pk")[:LATEST],
        "over": shown.exclude(recorded_at=None).order_by("-pk")[:LATEST],
        "warehouses": Warehouse.objects.filter(is_active=True).order_by("priority", "code"),
        "bin": request.GET.get("bin", "")[:40],
        "chosen": request.GET.get("warehouse", ""),
        "packer": packer(request),
    }
    return render(request, "counting/desk.html", context)


def _begin(request: HttpRequest) -> HttpResponse:
    try:
        pk = whole(request, "warehouse")
    except DomainError as error:
        messages.error(request, error.message)
        return redirect("admin:stock_counts")
    begun = stocktaking.begin(
        warehouse=get_object_or_404(Warehouse, pk=pk),
        bin_location=request.POST.get("bin", ""),
        now=timezone.now(),
        actor=packer(request),
    )
    return redirect("admin:stock_count", begun.pk)


@require_GET
@packers_only
def count(request: HttpRequest, pk: int) -> HttpResponse:
    return render(request, "counting/count.html", _context(request, _count(pk)))


@require_GET
@packers_only
def state(request: HttpRequest, pk: int) -> HttpResponse:
    """The changing part of the screen, asked for every few seconds."""
    return JsonResponse(_fragment(request, _count(pk)))


@require_POST
@packers_only
def gesture(request: HttpRequest, pk: int) -> HttpResponse:
    """One gesture, from the script (answered with the new board) or a plain form (redirected)."""
    stock_count = _count(pk)
    try:
        told, refused = _perform(request, stock_count, now=timezone.now()), False
    except DomainError as error:
        told, refused = Told(error.message, tone="wrong"), True
    leaves = not refused and request.POST.get("action") in _LEAVING
    goto = reverse("admin:stock_counts") if leaves else ""
    if request.headers.get("X-Requested-With") == "fetch":
        said = {"tone": told.tone, "text": told.text, "refused": refused, "goto": goto}
        return JsonResponse(said | _fragment(request, _count(pk)))
    messages.add_message(request, messages.ERROR if refused else messages.SUCCESS, told.text)
    return redirect(goto or reverse("admin:stock_count", args=[pk]))


def _perform(request: HttpRequest, stock_count: StockCount, *, now: datetime) -> Told:
    action = request.POST.get("action", "")
    act = _ACTIONS.get(action)
    key = request.POST.get("gesture", "")
    if act is None or not 8 <= len(key) <= 40:
        raise DomainError("bad-gesture", _("The screen sent something unknown: load it again."))
    return stocktaking.once(
        stock_count=stock_count,
        key=key,
        action=action,
        now=now,
        actor=packer(request),
        act=lambda locked: act(request, locked, now),
    )


# Each gesture: read the fields, call the use case


def _scan(request: HttpRequest, locked: StockCount, now: datetime) -> Told:
    code = request.POST.get("code", "")[:200]
    return stocktaking.scan(stock_count=locked, code=code, now=now)


def _put(request: HttpRequest, locked: StockCount, now: datetime) -> Told:
    if not request.POST.get("units", "").strip():
        raise DomainError("not-a-number", _("Give a whole number."))
    sku_id, units = whole(request, "sku"), whole(request, "units")
    return stocktaking.put(stock_count=locked, sku_id=sku_id, units=units, now=now)


def _forget(request: HttpRequest, locked: StockCount, _now: datetime) -> Told:
    return stocktaking.forget(stock_count=locked, sku_id=whole(request, "sku"))


def _hand_in(_request: HttpRequest, locked: StockCount, now: datetime) -> Told:
    return stocktaking.hand_in(stock_count=locked, now=now)


def _drop(_request: HttpRequest, locked: StockCount, now: datetime) -> Told:
    return stocktaking.drop(stock_count=locked, now=now)


def _record(request: HttpRequest, locked: StockCount, now: datetime) -> Told:
    """Who may correct stock may record a count."""
    actor = packer(request)
    if not actor.has_perm("sellers.change_stocklevel"):
        raise PermissionDenied
    return stocktaking.record(stock_count=locked, now=now, actor=actor)


_ACTIONS: dict[str, Callable[[HttpRequest, StockCount, datetime], Told]] = {
    "scan": _scan,
    "put": _put,
    "forget": _forget,
    "hand-in": _hand_in,
    "drop": _drop,
    "record": _record,
}
_LEAVING = ("hand-in", "drop", "record")


def _fragment(request: HttpRequest, stock_count: StockCount) -> dict[str, Any]:
    context = _context(request, stock_count)
    return {"html": render_to_string("counting/_board.html", context, request=request)}


def _context(request: HttpRequest, stock_count: StockCount) -> dict[str, Any]:
    reader = packer(request)
    return {
        "board": board_of(stock_count, reader=reader),
        "stock_count": stock_count,
        "packer": reader,
    }


def _count(pk: int) -> StockCount:
    counts = StockCount.objects.select_related("warehouse__account", "owner", "recorded_by")
    return get_object_or_404(counts, pk=pk)
