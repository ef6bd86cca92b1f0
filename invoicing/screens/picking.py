"""The picking screens: who walks at the moment, one walk with its gestures, and how one begins."""

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

from invoicing.models import PickList
from invoicing.picking import gestures
from invoicing.picking.gestures import Told
from invoicing.screens.access import packer, packers_only
from invoicing.screens.due import clock
from invoicing.screens.pick_acting import ACTIONS
from invoicing.screens.pick_board import board_of
from invoicing.screens.pick_overview import finished_lately, under_way
from sellers.errors import DomainError

#: Wrong item and too many sound different.
_TONES = {"too-many": "many"}


@require_GET
@packers_only
def overview(request: HttpRequest) -> HttpResponse:
    """The walks under way, one's own first, and those of today."""
    reader, now = packer(request), timezone.now()
    context = {
        "cards": under_way(reader=reader, now=now),
        "finished": finished_lately(reader=reader, now=now),
        "packer": reader,
    }
    return render(request, "picking/overview.html", context)


@require_GET
@packers_only
def walk(request: HttpRequest, pk: int) -> HttpResponse:
    """The whole screen; a finished list is history and shown as such."""
    pick_list = _list(pk)
    return render(request, "picking/walk.html", _context(request, pick_list))


@require_GET
@packers_only
def state(request: HttpRequest, pk: int) -> HttpResponse:
    """The changing part of the screen, asked for every few seconds."""
    return JsonResponse(_fragment(request, _list(pk)))


@require_POST
@packers_only
def gesture(request: HttpRequest, pk: int) -> HttpResponse:
    """One gesture, from the script (answered with the new board) or a plain form (redirected)."""
    pick_list = _list(pk)
    try:
        told, refused = _perform(request, pick_list, now=timezone.now()), False
    except DomainError as error:
        told, refused = Told(error.message, tone=_TONES.get(error.code, "wrong")), True
    after = _after(request)
    if request.headers.get("X-Requested-With") == "fetch":
        said = {"tone": told.tone, "text": told.text, "slots": told.slots, "refused": refused}
        goto = "" if refused else after
        return JsonResponse(said | {"goto": goto} | _fragment(request, _list(pk)))
    messages.add_message(request, messages.ERROR if refused else messages.SUCCESS, _plain(told))
    return redirect(after if after and not refused else reverse("admin:pick_list", args=[pk]))


def _perform(request: HttpRequest, pick_list: PickList, *, now: datetime) -> Told:
    action = request.POST.get("action", "")
    act = ACTIONS.get(action)
    key = request.POST.get("gesture", "")
    if act is None or not 8 <= len(key) <= 40:
        raise DomainError("bad-gesture", _("The screen sent something unknown: load it again."))
    return gestures.once(
        pick_list=pick_list,
        key=key,
        action=action,
        now=now,
        actor=packer(request),
        act=lambda gesture: act(request, pick_list, gesture, now),
    )


def _after(request: HttpRequest) -> str:
    """A list that is finished or put aside leads back to the others."""
    leaves = request.POST.get("action") == "finish"
    return reverse("admin:packing_queue") if leaves else ""


def _plain(told: Told) -> str:
    """With the slots, which the script shows in large."""
    where = ", ".join(f"{number}: {units}" for number, units in told.slots)
    return f"{told.text} → {where}" if where else told.text


def _fragment(request: HttpRequest, pick_list: PickList) -> dict[str, Any]:
    context = _context(request, pick_list)
    return {"html": render_to_string("picking/_board.html", context, request=request)}


def _context(request: HttpRequest, pick_list: PickList) -> dict[str, Any]:
    reader, now = packer(request), timezone.now()
    return {
        "board": board_of(pick_list, reader=reader, now=now),
        "pick_list": pick_list,
        "packer": reader,
        "clock": clock(now),
    }


def _list(pk: int) -> PickList:
    lists = PickList.objects.select_related("warehouse__account", "owner")
    return get_object_or_404(lists, pk=pk)
