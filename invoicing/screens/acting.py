"""Every gesture a form of the packing table can make: read the fields, call the use case."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _

from invoicing import amounts, bench, nfe_document, tracking
from invoicing.models import Package
from invoicing.outcomes import Outcome
from orders.models import Order, OrderLine
from sellers.errors import DomainError
from sellers.models import User
from sellers.row_ids import is_row_id

Act = Callable[[HttpRequest, Order, datetime, User], Outcome]


def _open(_request: HttpRequest, order: Order, now: datetime, actor: User) -> Outcome:
    return bench.begin(order=order, now=now, actor=actor)


def _take_over(_request: HttpRequest, order: Order, now: datetime, actor: User) -> Outcome:
    return bench.take_over(order=order, now=now, actor=actor)


def _scan(request: HttpRequest, order: Order, now: datetime, actor: User) -> Outcome:
    return bench.scan(
        order=order,
        package_id=package_id_in(request.POST),
        code=request.POST.get("code", "")[:200],
        times=max(_whole(request, "times", default=1), 1),
        now=now,
        actor=actor,
    )


def _put(request: HttpRequest, order: Order, now: datetime, actor: User) -> Outcome:
    return bench.put(
        order=order,
        package_id=package_id_in(request.POST),
        units=((_line(request, order), _whole(request, "quantity", default=1)),),
        now=now,
        actor=actor,
    )


def _take_out(request: HttpRequest, order: Order, now: datetime, actor: User) -> Outcome:
    return bench.take_out(
        package=_package(request, order),
        line=_line(request, order),
        quantity=_whole(request, "quantity", default=1),
        now=now,
        actor=actor,
    )


def _move(request: HttpRequest, order: Order, now: datetime, actor: User) -> Outcome:
    return bench.move(
        package=_package(request, order),
        line=_line(request, order),
        quantity=_whole(request, "quantity", default=1),
        to=_package(request, order, field="to") if request.POST.get("to") else None,
        now=now,
        actor=actor,
    )


def _close(request: HttpRequest, order: Order, now: datetime, actor: User) -> Outcome:
    weight_g = _whole(request, "weight_g", default=0)
    return bench.close(
        package=_package(request, order),
        number=request.POST.get("number", ""),
        key=request.POST.get("key", ""),
        weight_g=weight_g or None,
        url=request.POST.get("url", ""),
        document=_document(request),
        value_cents=amounts.typed(request.POST.get("total", "")[:30]),
        now=now,
        actor=actor,
    )


def _document(request: HttpRequest) -> bytes:
    """The invoice's XML: a file of a plain form, or its text from the script."""
    file = request.FILES.get("document")
    if file is None:
        return request.POST.get("document", "").encode()
    # One byte more than may be: enough to be told that it is too large.
    return bytes(file.read(nfe_document.LONGEST + 1))


def _reopen(request: HttpRequest, order: Order, now: datetime, actor: User) -> Outcome:
    if package_id_in(request.POST) is None:
        return bench.reopen_last(order=order, now=now, actor=actor)
    return bench.reopen(package=_package(request, order), now=now, actor=actor)


def _new(_request: HttpRequest, order: Order, now: datetime, actor: User) -> Outcome:
    return bench.new(order=order, now=now, actor=actor)


def _undo(_request: HttpRequest, order: Order, now: datetime, actor: User) -> Outcome:
    return bench.undo(order=order, now=now, actor=actor)


def _short(request: HttpRequest, order: Order, now: datetime, actor: User) -> Outcome:
    return bench.report_missing(
        order=order,
        line_ids={int(text) for text in request.POST.getlist("lines") if is_row_id(text)},
        reason=request.POST.get("reason", ""),
        words=request.POST.get("words", ""),
        now=now,
        actor=actor,
    )


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


def _event(request: HttpRequest, order: Order, now: datetime, actor: User) -> Outcome:
    event = tracking.add_event(
        package=_package(request, order),
        at=_moment(request, order, now),
        description=request.POST.get("description", ""),
        city=request.POST.get("city", "")[:100],
        state=request.POST.get("state", "")[:60],
        now=now,
        actor=actor,
    )
    return Outcome(_("Told: %(what)s") % {"what": event.description}, tone="done")


def _deliver(request: HttpRequest, order: Order, now: datetime, actor: User) -> Outcome:
    package = tracking.deliver(
        package=_package(request, order), delivered_at=now, now=now, actor=actor
    )
    return Outcome(_("Package %(number)d is delivered.") % {"number": package.number}, tone="done")


ACTIONS: dict[str, Act] = {
    "open": _open,
    "take-over": _take_over,
    "scan": _scan,
    "put": _put,
    "take-out": _take_out,
    "move": _move,
    "new": _new,
    "close": _close,
    "reopen": _reopen,
    "undo": _undo,
    "short": _short,
    "track": _track,
    "event": _event,
    "deliver": _deliver,
}


# Reading the form


def package_id_in(form: Any, *, field: str = "package") -> int | None:
    text = form.get(field, "")
    return int(text) if is_row_id(text) else None


def _package(request: HttpRequest, order: Order, *, field: str = "package") -> Package:
    packages = Package.objects.select_related("order__account")
    known = package_id_in(request.POST, field=field)
    return get_object_or_404(packages, order=order, pk=known or 0)


def _line(request: HttpRequest, order: Order) -> OrderLine:
    text = request.POST.get("line", "")
    known = int(text) if is_row_id(text) else 0
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


def _moment(request: HttpRequest, order: Order, now: datetime) -> datetime:
    """As the account's clocks show it; the minute that is running is now."""
    text = request.POST.get("at", "").strip()
    try:
        local = datetime.fromisoformat(text) if text else timezone.localtime(now)
    except ValueError:
        raise DomainError("bad-date", _("This is not a date.")) from None
    at = local if local.tzinfo else local.replace(tzinfo=order.account.zone)
    return now if at <= now < at + timedelta(minutes=1) else at
