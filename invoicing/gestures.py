"""Each gesture at the packing table counts once, whatever the network repeats."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from invoicing import contents, packing, scanning
from invoicing.models import Gesture, Package, PackageItem
from orders import moving
from orders.models import Order, OrderLine
from sellers.errors import Conflict
from sellers.models import User
from sellers.money import Cents


@dataclass(frozen=True)
class Outcome:
    """What the packer sees and hears. `tone`: right, done or info; `goto` another order's id."""

    text: str
    tone: str = "info"
    package_id: int | None = None
    line_id: int | None = None
    quantity: int = 0
    goto: str = ""


@transaction.atomic
def once(
    *,
    order: Order,
    key: str,
    action: str,
    now: datetime,
    actor: User,
    act: Callable[[], Outcome],
) -> Outcome:
    """Do `act` and remember its outcome under `key`; a repeat gets that outcome, nothing happens.

    What `act` raises leaves nothing behind, the key neither.
    """
    moving.lock(order_id=order.pk)
    done = Gesture.objects.filter(order=order, key=key).first()
    if done is not None:
        return Outcome(**done.answer)
    outcome = act()
    Gesture.objects.create(
        order=order,
        key=key,
        action=action,
        package_id=outcome.package_id,
        line_id=outcome.line_id,
        quantity=outcome.quantity,
        answer=asdict(outcome),
        actor=actor,
        at=now,
    )
    return outcome


def scan(*, order: Order, package_id: int | None, code: str, now: datetime, actor: User) -> Outcome:
    """A code into the scan box: units packed, another order opened, or a command carried out.

    Raises as `scanning.read` and the use cases do.
    """
    reading = scanning.read(order=order, code=code)
    if isinstance(reading, scanning.OtherOrder):
        return Outcome(_("Another order."), goto=reading.order.seller_order_id)
    if isinstance(reading, scanning.SameOrder):
        return Outcome(_("This is the order on the screen."), package_id=package_id)
    if isinstance(reading, scanning.Command):
        return _obey(reading.name, order=order, package_id=package_id, now=now, actor=actor)
    return put(
        order=order,
        package_id=package_id,
        line=reading.line,
        quantity=reading.quantity,
        now=now,
        actor=actor,
    )


def _obey(
    name: str, *, order: Order, package_id: int | None, now: datetime, actor: User
) -> Outcome:
    if name == "undo":
        return undo(order=order, now=now, actor=actor)
    if name == "new":
        return new(order=order, now=now, actor=actor)
    package = current(order=order, package_id=package_id)
    if package is None:
        raise Conflict("no-open-package", _("No package is open."))
    return close(package=package, number="", key="", weight_g=None, now=now, actor=actor)


def put(
    *,
    order: Order,
    package_id: int | None,
    line: OrderLine,
    quantity: int,
    now: datetime,
    actor: User,
) -> Outcome:
    """Units into the package at hand, or a new one when none is open."""
    package = current(order=order, package_id=package_id)
    if package is None:
        left = contents.remaining(order)[line.pk]
        if left < quantity and contents.why_not_packable(order) is None:
            # Say which line is full rather than that no package can be opened.
            raise packing.too_many(line, quantity=quantity, left=left)
        package = packing.open_package(order=order, now=now, actor=actor)
    packing.put(package=package, line=line, quantity=quantity, now=now, actor=actor)
    return _packed(order, package, line, quantity)


def _packed(order: Order, package: Package, line: OrderLine, quantity: int) -> Outcome:
    left = contents.remaining(order)
    done = not any(left.values())
    facts = {"packed": line.quantity - left[line.pk], "of": line.quantity, "name": line.name}
    return Outcome(
        _("Everything is packed.") if done else _("%(packed)d of %(of)d: %(name)s") % facts,
        tone="done" if done else "right",
        package_id=package.pk,
        line_id=line.pk,
        quantity=quantity,
    )


def take_out(
    *, package: Package, line: OrderLine, quantity: int, now: datetime, actor: User
) -> Outcome:
    packing.take_out(package=package, line=line, quantity=quantity, now=now, actor=actor)
    return _taken(package, line, quantity)


def _taken(package: Package, line: OrderLine, quantity: int) -> Outcome:
    facts = {"quantity": quantity, "name": line.name}
    return Outcome(_("Taken out again: %(quantity)d × %(name)s") % facts, package_id=package.pk)


def new(*, order: Order, now: datetime, actor: User) -> Outcome:
    package = packing.open_package(order=order, now=now, actor=actor)
    return Outcome(
        _("Package %(number)d is open.") % {"number": package.number}, package_id=package.pk
    )


def close(
    *,
    package: Package,
    number: str,
    key: str,
    weight_g: int | None,
    now: datetime,
    actor: User,
    url: str = "",
    document: bytes = b"",
    value_cents: Cents | None = None,
) -> Outcome:
    invoice = packing.close(
        package=package,
        number=number or None,
        key=key,
        weight_g=weight_g,
        url=url,
        document=document,
        value_cents=value_cents,
        now=now,
        actor=actor,
    )
    following = current(order=package.order, package_id=None)
    facts = {"number": package.number, "invoice": invoice.number}
    said = _("Package %(number)d closed with invoice %(invoice)s.") % facts
    if following is not None:
        said = f"{said} {_now_into(following)}"
    return Outcome(said, tone="done", package_id=package.pk)


def _now_into(package: Package) -> str:
    """Nothing is packed unawares into a box that another one's closing made current."""
    return _("Package %(number)d is current now.") % {"number": package.number}


def reopen(*, package: Package, now: datetime, actor: User) -> Outcome:
    packing.reopen(package=package, now=now, actor=actor)
    facts = {"number": package.number}
    return Outcome(_("Package %(number)d is open again.") % facts, package_id=package.pk)


def current(*, order: Order, package_id: int | None) -> Package | None:
    """The open package that units go into: the asked one, else the newest."""
    packages = Package.objects.filter(order=order, status=Package.Status.OPEN).order_by("-number")
    asked = packages.filter(pk=package_id).first() if package_id else None
    return asked or packages.first()


def undo(*, order: Order, now: datetime, actor: User) -> Outcome:
    """Take out what this packer put in last, as long as it is still in an open package.

    Raises Conflict `nothing-to-undo`.
    """
    for last in _undoable(order, actor):
        Gesture.objects.filter(pk=last.pk).update(undone_at=now)
        package, line = last.package, last.line
        if package and line and _holds(package, line, last.quantity):
            packing.take_out(
                package=package, line=line, quantity=last.quantity, now=now, actor=actor
            )
            return _taken(package, line, last.quantity)
    raise Conflict("nothing-to-undo", _("There is nothing to undo."))


def _undoable(order: Order, actor: User) -> QuerySet[Gesture]:
    mine = Gesture.objects.filter(order=order, actor=actor, undone_at=None, quantity__gt=0)
    open_still = mine.filter(package__status=Package.Status.OPEN)
    return open_still.select_related("package", "line").order_by("-id")[:50]


def _holds(package: Package, line: OrderLine, quantity: int) -> bool:
    """False when the units were taken out by hand since."""
    return PackageItem.objects.filter(package=package, line=line, quantity__gte=quantity).exists()
