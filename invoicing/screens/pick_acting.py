"""Every gesture a form of the picking screen can make: read the fields, call the use case."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.http import HttpRequest
from django.utils.translation import gettext as _

from invoicing.models import PickGesture, PickList
from invoicing.picking import lists, shorts, taking
from invoicing.picking.gestures import Told
from invoicing.screens.fields import whole

Act = Callable[[HttpRequest, PickList, PickGesture, datetime], Told]


def _scan(request: HttpRequest, pick_list: PickList, gesture: PickGesture, now: datetime) -> Told:
    code = request.POST.get("code", "")[:200]
    return taking.scan(pick_list=pick_list, code=code, gesture=gesture, now=now)


def _take(request: HttpRequest, pick_list: PickList, gesture: PickGesture, now: datetime) -> Told:
    return taking.take(
        pick_list=pick_list,
        sku_id=whole(request, "sku"),
        quantity=whole(request, "quantity") or None,
        gesture=gesture,
        now=now,
    )


def _short(request: HttpRequest, pick_list: PickList, gesture: PickGesture, now: datetime) -> Told:
    given = request.POST.get("quantity", "").strip()
    return shorts.report_on_list(
        pick_list=pick_list,
        sku_id=whole(request, "sku"),
        quantity=whole(request, "quantity") if given else None,
        reason=request.POST.get("reason", ""),
        words=request.POST.get("words", ""),
        gesture=gesture,
        now=now,
    )


def _undo(_request: HttpRequest, pick_list: PickList, gesture: PickGesture, now: datetime) -> Told:
    return taking.undo(pick_list=pick_list, gesture=gesture, now=now)


def _put_back(
    request: HttpRequest, pick_list: PickList, gesture: PickGesture, _now: datetime
) -> Told:
    return taking.put_back(pick_list=pick_list, sku_id=whole(request, "sku"), gesture=gesture)


def _tote(request: HttpRequest, pick_list: PickList, gesture: PickGesture, _now: datetime) -> Told:
    slot = lists.put_into_tote(
        pick_list=pick_list,
        number=whole(request, "slot"),
        tote=request.POST.get("tote", ""),
        actor=gesture.actor,
    )
    facts = {"slot": slot.number, "tote": slot.tote or "–"}
    return Told(_("Slot %(slot)d is tote %(tote)s.") % facts, tone="right")


def _take_over(
    _request: HttpRequest, pick_list: PickList, gesture: PickGesture, now: datetime
) -> Told:
    lists.take_over(pick_list=pick_list, now=now, actor=gesture.actor)
    return Told(_("This list is yours now."))


def _pause(_request: HttpRequest, pick_list: PickList, gesture: PickGesture, now: datetime) -> Told:
    lists.pause(pick_list=pick_list, now=now, actor=gesture.actor)
    return Told(_("Paused. The next scan goes on."))


def _resume(
    _request: HttpRequest, pick_list: PickList, gesture: PickGesture, now: datetime
) -> Told:
    lists.resume(pick_list=pick_list, now=now, actor=gesture.actor)
    return Told(_("On with it."))


def _finish(
    _request: HttpRequest, pick_list: PickList, gesture: PickGesture, now: datetime
) -> Told:
    lists.finish(pick_list=pick_list, now=now, actor=gesture.actor)
    return Told(_("The list is finished."), tone="done")


ACTIONS: dict[str, Act] = {
    "scan": _scan,
    "take": _take,
    "short": _short,
    "undo": _undo,
    "put-back": _put_back,
    "tote": _tote,
    "take-over": _take_over,
    "pause": _pause,
    "resume": _resume,
    "finish": _finish,
}
