"""What each gesture at the packing table does, under the order's lock and the packer's lease."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from invoicing import contents, finishing, leasing, missing, packing, scanning, undoing
from invoicing.models import Package
from invoicing.outcomes import Outcome
from orders.models import Order, OrderLine
from sellers.errors import Conflict, DomainError
from sellers.models import User
from sellers.money import Cents


def begin(*, order: Order, now: datetime, actor: User) -> Outcome:
    """The order is on the packer's screen: theirs, unless somebody else is at it.

    Says what was packed before, for whoever comes back after a crash.
    """
    is_mine = contents.why_not_packable(order) is None and leasing.claim(
        order=order, actor=actor, now=now
    )
    if not is_mine or not undoing.has_packed(order=order, actor=actor):
        return Outcome("")
    facts = {
        "packed": sum(contents.packed_units(order).values()),
        "units": sum(line.quantity for line in order.lines.all()),
    }
    return Outcome(_("Your session was recovered: %(packed)d of %(units)d are packed.") % facts)


def take_over(*, order: Order, now: datetime, actor: User) -> Outcome:
    leasing.take_over(order=order, actor=actor, now=now)
    return Outcome(_("The order is yours now."))


def scan(
    *,
    order: Order,
    package_id: int | None,
    code: str,
    times: int = 1,
    now: datetime,
    actor: User,
) -> Outcome:
    """A code into the scan box: units packed, another order opened, or a command carried out.

    Raises as `scanning.read` and the use cases do.
    """
    reading = scanning.read(order=order, code=code, times=times)
    if isinstance(reading, scanning.OtherOrder):
        return Outcome(_("Another order."), goto=reading.order.seller_order_id)
    if isinstance(reading, scanning.SameOrder):
        return Outcome(_("This is the order on the screen."), package_id=package_id)
    if isinstance(reading, scanning.Items):
        return put(order=order, package_id=package_id, units=reading.units, now=now, actor=actor)
    if isinstance(reading, scanning.Paper):
        package = _current_or_refuse(order=order, package_id=package_id)
        return close(package=package, key=reading.key, now=now, actor=actor)
    return _obey(reading.name, order=order, package_id=package_id, now=now, actor=actor)


def _obey(
    name: str, *, order: Order, package_id: int | None, now: datetime, actor: User
) -> Outcome:
    if name == "undo":
        return undo(order=order, now=now, actor=actor)
    if name == "new":
        return new(order=order, now=now, actor=actor)
    if name == "take-over":
        return take_over(order=order, now=now, actor=actor)
    if name == "reopen":
        return reopen_last(order=order, now=now, actor=actor)
    if name == "close":
        package = _current_or_refuse(order=order, package_id=package_id)
        return close(package=package, now=now, actor=actor)
    raise DomainError("needs-script", _("This command needs the screen's own script."))


def put(
    *,
    order: Order,
    package_id: int | None,
    units: scanning.Units,
    now: datetime,
    actor: User,
) -> Outcome:
    """Units into the package at hand, or a new one when none is open."""
    leasing.require(order=order, actor=actor, now=now)
    package = current(order=order, package_id=package_id)
    if package is None:
        left = contents.remaining(order)
        for line, quantity in units:
            if left[line.pk] < quantity and contents.why_not_packable(order) is None:
                # Say which line is full rather than that no package can be opened.
                raise packing.too_many(line, quantity=quantity, left=left[line.pk])
        package = packing.open_package(order=order, now=now, actor=actor)
    for line, quantity in units:
        packing.put(package=package, line=line, quantity=quantity, now=now, actor=actor)
    return _packed(order, package, units, now=now, actor=actor)


def _packed(
    order: Order, package: Package, units: scanning.Units, *, now: datetime, actor: User
) -> Outcome:
    left = contents.remaining(order)
    went_in = tuple((line.pk, quantity) for line, quantity in units)
    if not any(left.values()):
        end = finishing.finish(order=order, now=now, actor=actor)
        if end.closed:
            leasing.let_go(order)
        return Outcome(
            end.text, tone="done", package_id=package.pk, units=went_in, closed=end.closed
        )
    line = units[-1][0]
    facts = {"packed": line.quantity - left[line.pk], "of": line.quantity, "name": line.name}
    return Outcome(
        _("%(packed)d of %(of)d: %(name)s") % facts,
        tone="right",
        package_id=package.pk,
        units=went_in,
    )


def take_out(
    *, package: Package, line: OrderLine, quantity: int, now: datetime, actor: User
) -> Outcome:
    leasing.require(order=package.order, actor=actor, now=now)
    packing.take_out(package=package, line=line, quantity=quantity, now=now, actor=actor)
    return Outcome(undoing.taken_out(line, quantity), package_id=package.pk)


def move(
    *,
    package: Package,
    line: OrderLine,
    quantity: int,
    to: Package | None,
    now: datetime,
    actor: User,
) -> Outcome:
    """Units from one open package into another; `to` None: into a new one."""
    leasing.require(order=package.order, actor=actor, now=now)
    packing.take_out(package=package, line=line, quantity=quantity, now=now, actor=actor)
    target = to or packing.open_package(order=package.order, now=now, actor=actor)
    packing.put(package=target, line=line, quantity=quantity, now=now, actor=actor)
    facts = {"quantity": quantity, "name": line.name, "number": target.number}
    said = _("Now in package %(number)d: %(quantity)d × %(name)s") % facts
    return Outcome(said, package_id=package.pk)


def undo(*, order: Order, now: datetime, actor: User) -> Outcome:
    leasing.require(order=order, actor=actor, now=now)
    return undoing.undo(order=order, now=now, actor=actor)


def report_missing(
    *,
    order: Order,
    line_ids: Collection[int],
    reason: str,
    words: str,
    now: datetime,
    actor: User,
) -> Outcome:
    leasing.require(order=order, actor=actor, now=now)
    units = missing.report(
        order=order, line_ids=line_ids, reason=reason, words=words, now=now, actor=actor
    )
    said = ngettext(
        "%(units)d unit is missing: a manager is told. Put the box aside.",
        "%(units)d units are missing: a manager is told. Put the box aside.",
        units,
    )
    return Outcome(said % {"units": units})


def new(*, order: Order, now: datetime, actor: User) -> Outcome:
    leasing.require(order=order, actor=actor, now=now)
    package = packing.open_package(order=order, now=now, actor=actor)
    return Outcome(
        _("Package %(number)d is open.") % {"number": package.number}, package_id=package.pk
    )


def close(
    *,
    package: Package,
    number: str = "",
    key: str = "",
    weight_g: int | None = None,
    now: datetime,
    actor: User,
    url: str = "",
    document: bytes = b"",
    value_cents: Cents | None = None,
) -> Outcome:
    leasing.require(order=package.order, actor=actor, now=now)
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
    elif not any(contents.remaining(package.order).values()):
        leasing.let_go(package.order)
    return Outcome(said, tone="done", package_id=package.pk, closed=(package.pk,))


def _now_into(package: Package) -> str:
    """Nothing is packed unawares into a box that another one's closing made current."""
    return _("Package %(number)d is current now.") % {"number": package.number}


def reopen(*, package: Package, now: datetime, actor: User) -> Outcome:
    leasing.require(order=package.order, actor=actor, now=now)
    packing.reopen(package=package, now=now, actor=actor)
    facts = {"number": package.number}
    return Outcome(_("Package %(number)d is open again.") % facts, package_id=package.pk)


def reopen_last(*, order: Order, now: datetime, actor: User) -> Outcome:
    """The package that was closed last. Raises Conflict `package-open` when none is closed."""
    closed = Package.objects.filter(order=order, status=Package.Status.CLOSED)
    package = closed.order_by("-closed_at", "-pk").first()
    if package is None:
        raise Conflict("package-open", _("No package of this order is closed."))
    return reopen(package=package, now=now, actor=actor)


def current(*, order: Order, package_id: int | None) -> Package | None:
    """The open package that units go into: the asked one, else the newest."""
    packages = Package.objects.filter(order=order, status=Package.Status.OPEN).order_by("-number")
    asked = packages.filter(pk=package_id).first() if package_id else None
    return asked or packages.first()


def _current_or_refuse(*, order: Order, package_id: int | None) -> Package:
    package = current(order=order, package_id=package_id)
    if package is None:
        raise Conflict("no-open-package", _("No package is open."))
    return package
