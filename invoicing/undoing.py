"""Undo at the packing table: the packer's last scan, as if it had not been."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from invoicing import packing
from invoicing.models import Gesture, Package, PackageItem
from invoicing.outcomes import Outcome
from orders.models import Order, OrderLine
from sellers.errors import Conflict
from sellers.models import User

#: Scans that were undone by hand since are passed over, but not without end.
_LOOKED_AT = 50


def undo(*, order: Order, now: datetime, actor: User) -> Outcome:
    """Take out what this packer put in last; packages that closed by themselves with it open again.

    Raises Conflict `nothing-to-undo`, and what `packing.reopen` raises once the invoice is sent.
    """
    mine = _packed_by(actor, order)
    for last in mine.select_related("package").order_by("-id")[:_LOOKED_AT]:
        Gesture.objects.filter(pk=last.pk).update(undone_at=now)
        package = last.package
        if package is None:
            continue
        _open_again(last, now=now, actor=actor)
        taken = _take_back(last, package, now=now, actor=actor)
        if taken:
            return Outcome("\n".join(taken), package_id=package.pk)
    raise Conflict("nothing-to-undo", _("There is nothing to undo."))


def has_packed(*, order: Order, actor: User) -> bool:
    """This packer has put something in, and not undone it."""
    return _packed_by(actor, order).exists()


def _packed_by(actor: User, order: Order) -> QuerySet[Gesture]:
    return Gesture.objects.filter(order=order, actor=actor, undone_at=None, quantity__gt=0)


def _open_again(last: Gesture, *, now: datetime, actor: User) -> None:
    closed_with_it = Package.objects.filter(
        pk__in=last.answer.get("closed", ()), status=Package.Status.CLOSED
    )
    for package in closed_with_it.order_by("-number"):
        packing.reopen(package=package, now=now, actor=actor)


def _take_back(last: Gesture, package: Package, *, now: datetime, actor: User) -> list[str]:
    """What was taken out, in words; nothing when the package is closed or the units are not in it
    any more."""
    if not Package.objects.filter(pk=package.pk, status=Package.Status.OPEN).exists():
        return []
    units = dict(last.answer.get("units", ()))
    lines = OrderLine.objects.in_bulk(units)
    inside = dict(PackageItem.objects.filter(package=package).values_list("line", "quantity"))
    if any(inside.get(line, 0) < quantity for line, quantity in units.items()):
        return []
    for line, quantity in units.items():
        packing.take_out(package=package, line=lines[line], quantity=quantity, now=now, actor=actor)
    return [taken_out(lines[line], quantity) for line, quantity in units.items()]


def taken_out(line: OrderLine, quantity: int) -> str:
    facts = {"quantity": quantity, "name": line.name}
    return _("Taken out again: %(quantity)d × %(name)s") % facts
