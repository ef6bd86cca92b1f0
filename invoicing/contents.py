"""What is in an order's packages, and the lock under which it may change."""

from __future__ import annotations

from django.db.models import Sum
from django.utils.translation import gettext as _

from invoicing.models import Package, PackageItem
from orders import moving
from orders.models import Order, OrderLine
from orders.states import Status
from sellers.errors import Conflict, DomainError, NotFound

#: Packages of an order in these may be filled.
PACKABLE = (Status.AUTHORIZED, Status.HANDLING)


def lock_for_packing(*, order_id: int) -> Order:
    """The order with its row held (races: a second packer, a cancellation, an expiry).

    Raises Conflict with the reason when the order, as it is now, can't be packed.
    """
    order = moving.lock(order_id=order_id)
    refusal = why_not_packable(order)
    if refusal is not None:
        raise refusal
    return order


def why_not_packable(order: Order) -> DomainError | None:
    """Why nothing may be put into this order's packages; None when it may."""
    status = Status(order.status)
    if status in PACKABLE:
        return None
    reasons = {
        Status.RESERVED: ("not-authorised", _("Not paid yet: nothing may be packed.")),
        Status.EXPIRED: ("not-authorised", _("Not paid in time: nothing may be packed.")),
        Status.CANCELLED: ("cancelled", _("This order was cancelled. Put everything back.")),
        Status.CANCEL_REQUESTED: (
            "cancel-requested",
            _("The shopper asked to cancel. Stop packing until a manager has decided."),
        ),
    }
    code, message = reasons.get(status, ("already-packed", _("This order is packed already.")))
    return Conflict(code, message)


def open_package(*, order: Order, package_id: int) -> Package:
    """One of the order's packages, still open. Raises NotFound or Conflict."""
    package = Package.objects.filter(order=order, pk=package_id).first()
    if package is None:
        raise NotFound("no-such-package", _("This order has no such package."))
    if package.status != Package.Status.OPEN:
        raise Conflict(
            "package-closed", _("Package %(number)d is closed.") % {"number": package.number}
        )
    return package


def packed_units(order: Order) -> dict[int, int]:
    """Units in packages, open or closed, by line id."""
    return dict(
        PackageItem.objects.filter(package__order=order)
        .values_list("line")
        .annotate(units=Sum("quantity"))
        .order_by("line")
    )


def remaining(order: Order) -> dict[int, int]:
    """Units still to pack, by line id; lines that are done are there with 0."""
    packed = packed_units(order)
    return {line.pk: line.quantity - packed.get(line.pk, 0) for line in order.lines.all()}


def line_of(order: Order, *, line_id: int) -> OrderLine:
    """Raises NotFound when the line is another order's."""
    line = OrderLine.objects.filter(order=order, pk=line_id).first()
    if line is None:
        raise NotFound("no-such-line", _("This order has no such line."))
    return line
