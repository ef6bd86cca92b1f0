"""The life of an order: every status, and every move between them, in one table."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Status(models.TextChoices):
    RESERVED = "reserved", _("reserved, not paid")
    EXPIRED = "expired", _("hold expired")
    AUTHORIZED = "authorized", _("ready to pick")
    HANDLING = "handling", _("being packed")
    INVOICED = "invoiced", _("packed and invoiced")
    SHIPPED = "shipped", _("handed over")
    DELIVERED = "delivered", _("delivered")
    CANCEL_REQUESTED = "cancel-requested", _("cancellation asked")
    CANCELLED = "cancelled", _("cancelled")
    RETURNED = "returned", _("returned")


#: status -> statuses it may move to. Nothing else ever happens.
TRANSITIONS: dict[Status, tuple[Status, ...]] = {
    Status.RESERVED: (Status.AUTHORIZED, Status.EXPIRED, Status.CANCELLED),
    Status.EXPIRED: (Status.AUTHORIZED, Status.CANCELLED),
    Status.AUTHORIZED: (Status.HANDLING, Status.CANCEL_REQUESTED, Status.CANCELLED),
    Status.HANDLING: (Status.INVOICED, Status.CANCEL_REQUESTED, Status.CANCELLED),
    Status.CANCEL_REQUESTED: (
        Status.AUTHORIZED,
        Status.HANDLING,
        Status.INVOICED,
        Status.CANCELLED,
    ),
    Status.INVOICED: (Status.HANDLING, Status.SHIPPED, Status.RETURNED),
    Status.SHIPPED: (Status.DELIVERED, Status.RETURNED),
    Status.DELIVERED: (Status.RETURNED,),
    Status.RETURNED: (Status.CANCELLED,),
    Status.CANCELLED: (),
}

#: Work for the warehouse.
OPEN = (Status.AUTHORIZED, Status.HANDLING, Status.CANCEL_REQUESTED)
#: Stock may be held for these only.
HOLDING = (Status.RESERVED, *OPEN)
#: Compared with the marketplace now and then: it could still be stopped before it leaves.
WATCHED = (*HOLDING, Status.INVOICED)
CLOSED = (Status.CANCELLED, Status.RETURNED, Status.DELIVERED)

#: Badge colours beside the words they colour.
COLOURS: dict[Status, str] = {
    Status.RESERVED: "info",
    Status.EXPIRED: "warning",
    Status.AUTHORIZED: "primary",
    Status.HANDLING: "warning",
    Status.INVOICED: "success",
    Status.SHIPPED: "success",
    Status.DELIVERED: "success",
    Status.CANCEL_REQUESTED: "danger",
    Status.CANCELLED: "danger",
    Status.RETURNED: "info",
}


def sources_of(target: Status) -> list[Status]:
    """The statuses from which `target` can be reached."""
    return [source for source, targets in TRANSITIONS.items() if target in targets]
