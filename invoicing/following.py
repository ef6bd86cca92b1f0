"""A package on its way: what the carrier says, up to the delivery, told to the marketplace."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from invoicing import notices
from invoicing.models import Package, TrackingEvent
from orders import moving
from orders.models import Order
from orders.states import Status
from sellers.errors import Conflict, DomainError
from sellers.models import OutboxMessage, User


@transaction.atomic
def add_event(
    *,
    package: Package,
    at: datetime,
    description: str,
    city: str,
    state: str,
    now: datetime,
    actor: User | None,
) -> TrackingEvent:
    """Something the carrier says about a package; the marketplace gets all that is known of it.

    Twice is once. Raises Conflict `not-dispatched` without tracking, DomainError for an event
    without words (`empty-event`), in the future or before the package was closed (`bad-date`).
    """
    order = moving.lock(order_id=package.order_id)
    package = _dispatched(order, package)
    description = description.strip()[:200]
    if not description:
        raise DomainError("empty-event", _("Say what happened."))
    _check_moment(at, package=package, now=now)
    said = {"at": at, "description": description, "city": city.strip(), "state": state.strip()}
    event, is_new = TrackingEvent.objects.get_or_create(
        package=package, **said, defaults={"recorded_at": now, "actor": actor}
    )
    if is_new:
        _owe_all(package, now=now, actor=actor)
        facts = {"package": package.number, "why": description}
        notices.tell_tracking(order, "tracking-event", facts, now=now, actor=actor)
    return event


@transaction.atomic
def deliver(
    *, package: Package, delivered_at: datetime, now: datetime, actor: User | None
) -> Package:
    """The shopper has the package; the order is delivered with its last one. Twice is once.

    Raises Conflict `not-dispatched` without tracking, DomainError `bad-date` for a moment before
    the hand-over or in the future.
    """
    order = moving.lock(order_id=package.order_id)
    package = _dispatched(order, package)
    if package.delivered_at:
        return package
    if delivered_at > now:
        raise DomainError("bad-date", _("The delivery can't be in the future."))
    if package.dispatched_at and delivered_at < package.dispatched_at:
        raise DomainError("bad-date", _("The package was handed over after that."))
    package.delivered_at = delivered_at
    package.save(update_fields=["delivered_at"])
    TrackingEvent.objects.create(
        package=package,
        at=delivered_at,
        description=_delivered(order),
        city=order.ship_city,
        state=order.ship_state,
        recorded_at=now,
        actor=actor,
    )
    _owe_all(package, now=now, actor=actor)
    notices.tell_tracking(
        order, "package-delivered", {"package": package.number}, now=now, actor=actor
    )
    _finish(order, now=now, actor=actor)
    return package


def _dispatched(order: Order, package: Package) -> Package:
    package = order.packages.get(pk=package.pk)
    if not package.dispatched_at:
        raise Conflict("not-dispatched", _("Enter the carrier's data first."))
    return package


def _check_moment(at: datetime, *, package: Package, now: datetime) -> None:
    if at > now:
        raise DomainError("bad-date", _("This is in the future."))
    if package.closed_at and at < package.closed_at:
        raise DomainError("bad-date", _("The package was closed after that."))


def _delivered(order: Order) -> str:
    """The shopper reads it, so it is in their language rather than in the packer's."""
    with translation.override("pt-br" if order.account.country == "BRA" else "en"):
        return _("Delivered")


def _owe_all(package: Package, *, now: datetime, actor: User | None) -> None:
    """Whether the marketplace replaces its list or adds to it is not known: all, oldest first."""
    kind = OutboxMessage.Kind.TRACKING_EVENTS
    invoice = notices.invoice_of(package)
    notices.owe_about(invoice, kind, wire_events(package), now=now, actor=actor)


def wire_events(package: Package) -> dict[str, Any]:
    """Everything known of the package; a time without zone is UTC to the marketplace."""
    delivered = package.delivered_at
    return {
        "isDelivered": delivered is not None,
        "deliveredDate": f"{delivered.astimezone(UTC):%Y-%m-%d %H:%M}" if delivered else None,
        "events": [
            {
                "city": event.city,
                "state": event.state,
                "description": event.description,
                "date": event.at.astimezone(UTC).date().isoformat(),
            }
            for event in package.events.order_by("at", "id")
        ],
    }


def _finish(order: Order, *, now: datetime, actor: User | None) -> None:
    if order.status == Status.SHIPPED and not order.packages.filter(delivered_at=None).exists():
        moving.move(order, Status.DELIVERED, now=now, code="delivered", actor=actor)
