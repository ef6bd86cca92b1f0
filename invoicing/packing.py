"""Packing an order: begin, open a package, put units in, take them out; and, from next door, close
and reopen it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from invoicing import contents, notices
from invoicing.closing import can_close, close, why_not_close
from invoicing.models import Package, PackageItem
from invoicing.reopening import reopen, why_not_reopen
from orders import modifying, moving
from orders.models import Order, OrderLine, TimelineEntry
from orders.states import Status
from sellers.errors import Conflict, DomainError
from sellers.models import OutboxMessage, User

__all__ = [
    "can_close",
    "close",
    "open_package",
    "put",
    "reopen",
    "start",
    "take_out",
    "too_many",
    "why_not_close",
    "why_not_reopen",
]


@transaction.atomic
def start(*, order: Order, now: datetime, actor: User | None) -> Order:
    """Begin handling an authorised order and owe the marketplace the news, where the account
    announces it. Twice is once.

    Raises Conflict when the order can't be packed.
    """
    return _begin(contents.lock_for_packing(order_id=order.pk), now=now, actor=actor)


def _begin(locked: Order, *, now: datetime, actor: User | None) -> Order:
    if locked.status == Status.HANDLING:
        return locked
    moving.move(locked, Status.HANDLING, now=now, code="handling-started", actor=actor)
    if not locked.account.announces_handling:
        return locked
    notices.owe(
        locked,
        OutboxMessage.Kind.START_HANDLING,
        key=f"start-handling/{locked.marketplace_order_id}",
        payload=None,
        now=now,
    )
    return locked


@transaction.atomic
def open_package(*, order: Order, now: datetime, actor: User | None) -> Package:
    """A new package of the order, which begins handling. An open one that is empty is reused.

    Raises Conflict when the order can't be packed or everything is in packages already.
    """
    locked = _begin(contents.lock_for_packing(order_id=order.pk), now=now, actor=actor)
    empty = locked.packages.filter(status=Package.Status.OPEN, items=None).first()
    if empty is not None:
        return empty
    if not any(contents.remaining(locked).values()):
        raise Conflict("all-packed", _("Everything is packed: there is nothing for a new package."))
    last = locked.packages.order_by("-number").first()
    package = Package.objects.create(
        order=locked, number=last.number + 1 if last else 1, opened_at=now
    )
    _note(package, "package-opened", now=now, actor=actor)
    return package


@transaction.atomic
def put(
    *, package: Package, line: OrderLine, quantity: int, now: datetime, actor: User | None
) -> PackageItem:
    """`quantity` more units of `line` into an open `package`.

    Raises DomainError `quantity-not-positive`, Conflict `too-many` when the line has fewer units
    left, and as the order or the package refuses; then nothing changed.
    """
    _require_positive(quantity)
    order = contents.lock_for_packing(order_id=package.order_id)
    stopped = modifying.why_not_pack(order)
    if stopped is not None:
        raise stopped
    package = contents.open_package(order=order, package_id=package.pk)
    line = contents.line_of(order, line_id=line.pk)
    left = contents.remaining(order)[line.pk]
    if quantity > left:
        raise too_many(line, quantity=quantity, left=left)
    _begin(order, now=now, actor=actor)
    item = PackageItem.objects.filter(package=package, line=line).first()
    if item is None:
        return PackageItem.objects.create(package=package, line=line, quantity=quantity)
    item.quantity += quantity
    item.save(update_fields=["quantity"])
    return item


@transaction.atomic
def take_out(
    *, package: Package, line: OrderLine, quantity: int, now: datetime, actor: User | None
) -> int:
    """`quantity` units of `line` out of an open `package`; returns how many are left in it.

    Raises DomainError `quantity-not-positive`, Conflict `not-in-package` when fewer are in it.
    """
    _require_positive(quantity)
    order = contents.lock_for_packing(order_id=package.order_id)
    package = contents.open_package(order=order, package_id=package.pk)
    item = PackageItem.objects.filter(package=package, line_id=line.pk).first()
    if item is None or item.quantity < quantity:
        raise Conflict("not-in-package", _("That many units are not in this package."))
    item.quantity -= quantity
    if item.quantity:
        item.save(update_fields=["quantity"])
    else:
        item.delete()
    return item.quantity


def _require_positive(quantity: int) -> None:
    if quantity < 1:
        raise DomainError("quantity-not-positive", _("The quantity must be one or more."))


def too_many(line: OrderLine, *, quantity: int, left: int) -> Conflict:
    """The refusal of `quantity` units of a line that has `left` to pack."""
    facts = {"left": left, "name": line.name, "quantity": quantity, "required": line.quantity}
    if left == 0:
        message = ngettext(
            "“%(name)s” is packed already. This one is too many.",
            "All %(required)d of “%(name)s” are packed. This one is too many.",
            line.quantity,
        )
    else:
        message = ngettext(
            "Only one more of “%(name)s” belongs to this order, not %(quantity)d.",
            "Only %(left)d more of “%(name)s” belong to this order, not %(quantity)d.",
            left,
        )
    return Conflict("too-many", message % facts)


def _note(package: Package, code: str, *, now: datetime, actor: User | None) -> None:
    moving.record(
        package.order,
        kind=TimelineEntry.Kind.PACKING,
        code=code,
        now=now,
        actor=actor,
        facts={"package": package.number},
    )
