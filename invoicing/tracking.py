"""After the packing table: the carrier's data, then the delivery, told to the marketplace."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from invoicing import notices
from invoicing.models import Invoice, Package
from orders import moving
from orders.models import Order, TimelineEntry
from orders.states import Status
from sellers.errors import Conflict, DomainError
from sellers.models import OutboxMessage, User

# What people type when they have nothing yet; VTEX would show it to the shopper.
_PLACEHOLDER = re.compile(
    r"(?:n/?a|n\.a\.?|none|null|nil|nan|undefined|pend\w*|tbd|tba|wait\w*|aguard\w*|soon|em breve"
    r"|sem\b.*|no tracking.*|unknown|desconhecid[oa]|test\w*|teste|xxx*|0+|-+|\.+|\?+|123456?)",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ./_-]{3,99}")


@transaction.atomic
def enter_tracking(
    *,
    package: Package,
    courier: str,
    number: str,
    url: str,
    dispatched_on: date,
    now: datetime,
    actor: User | None,
) -> Package:
    """The carrier's real data for a closed package; the order is handed over with its last one.

    Entered again with other data, the marketplace gets the correction; with the same, nothing
    happens. Raises DomainError (`not-real`, `bad-url`, `bad-date`) and Conflict (`package-open`).
    """
    courier, number, url = courier.strip(), number.strip(), url.strip()
    _check(courier=courier, number=number, url=url)
    order = moving.lock(order_id=package.order_id)
    package = order.packages.get(pk=package.pk)
    invoice = _invoice_of(package)
    _check_day(dispatched_on, package=package, now=now)
    dispatched_at = _moment(dispatched_on, order=order, now=now)
    told = (package.courier, package.tracking_number, package.tracking_url)
    if told == (courier, number, url) and _local_day(package) == dispatched_on:
        return package
    package.courier, package.tracking_number, package.tracking_url = courier, number, url
    package.dispatched_at = dispatched_at
    package.save(update_fields=["courier", "tracking_number", "tracking_url", "dispatched_at"])
    body = {
        "courier": courier,
        "trackingNumber": number,
        "trackingUrl": url,
        "dispatchedDate": dispatched_on.isoformat(),
    }
    _owe(invoice, OutboxMessage.Kind.TRACKING, body, now=now)
    facts = {"package": package.number, "courier": courier, "tracking_number": number}
    _tell(order, "tracking-entered", facts, now=now, actor=actor)
    _hand_over(order, now=now, actor=actor)
    return package


def _check(*, courier: str, number: str, url: str) -> None:
    for value in (courier, number):
        if not value or _PLACEHOLDER.fullmatch(value):
            raise DomainError(
                "not-real",
                _("“%(value)s” is not real tracking data: enter it once the carrier gave it.")
                % {"value": value},
            )
    if not _NUMBER.fullmatch(number):
        raise DomainError(
            "not-real", _("A tracking number has 4 to 100 letters, digits and separators.")
        )
    if len(courier) > 100 or not re.search(r"\w\w", courier):
        raise DomainError("not-real", _("Give the carrier's name."))
    if url:
        _check_url(url)


def _check_url(url: str) -> None:
    try:
        URLValidator(schemes=["https", "http"])(url)
    except ValidationError:
        raise DomainError("bad-url", _("The tracking address is not a web address.")) from None
    if len(url) > 500:
        raise DomainError("bad-url", _("The tracking address is longer than 500 characters."))


def _check_day(day: date, *, package: Package, now: datetime) -> None:
    zone = package.order.account.zone
    if day > timezone.localdate(now, zone):
        raise DomainError("bad-date", _("The hand-over can't be in the future."))
    if package.closed_at and day < timezone.localdate(package.closed_at, zone):
        raise DomainError("bad-date", _("The package was closed after that day."))


def _moment(day: date, *, order: Order, now: datetime) -> datetime:
    """Today is now; an earlier day is its noon, since the hour is not known."""
    zone = order.account.zone
    if day == timezone.localdate(now, zone):
        return now
    return datetime.combine(day, time(12), zone)


def _local_day(package: Package) -> date | None:
    if package.dispatched_at is None:
        return None
    return timezone.localdate(package.dispatched_at, package.order.account.zone)


def _invoice_of(package: Package) -> Invoice:
    invoice = package.invoices.filter(voided_at=None).first()
    if package.status != Package.Status.CLOSED or invoice is None:
        raise Conflict("package-open", _("Close the package first."))
    return invoice


@transaction.atomic
def deliver(
    *, package: Package, delivered_at: datetime, now: datetime, actor: User | None
) -> Package:
    """The shopper has the package; the order is delivered with its last one. Twice is once.

    Raises Conflict `not-dispatched` without tracking, DomainError `bad-date` for a moment before
    the hand-over or in the future.
    """
    order = moving.lock(order_id=package.order_id)
    package = order.packages.get(pk=package.pk)
    if package.delivered_at:
        return package
    if not package.dispatched_at:
        raise Conflict("not-dispatched", _("Enter the carrier's data first."))
    if delivered_at > now:
        raise DomainError("bad-date", _("The delivery can't be in the future."))
    if delivered_at < package.dispatched_at:
        raise DomainError("bad-date", _("The package was handed over after that."))
    package.delivered_at = delivered_at
    package.save(update_fields=["delivered_at"])
    body = _delivery(order, delivered_at)
    _owe(_invoice_of(package), OutboxMessage.Kind.TRACKING_EVENTS, body, now=now)
    _tell(order, "package-delivered", {"package": package.number}, now=now, actor=actor)
    _finish(order, now=now, actor=actor)
    return package


def _delivery(order: Order, delivered_at: datetime) -> dict[str, Any]:
    # A time without zone is UTC to the marketplace.
    moment = delivered_at.astimezone(UTC)
    with translation.override("pt-br" if order.account.country == "BRA" else "en"):
        description = _("Delivered")
    return {
        "isDelivered": True,
        "deliveredDate": moment.strftime("%Y-%m-%d %H:%M"),
        "events": [
            {
                "city": order.ship_city,
                "state": order.ship_state,
                "description": description,
                "date": moment.date().isoformat(),
            }
        ],
    }


def _owe(
    invoice: Invoice,
    kind: OutboxMessage.Kind,
    body: dict[str, Any],
    *,
    now: datetime,
) -> None:
    """Each correction is a message of its own; the order's row is locked, so the count holds."""
    stem = f"{kind}/{invoice.pk}/"
    sent = OutboxMessage.objects.filter(account=invoice.account, key__startswith=stem).count()
    notices.owe(
        invoice.order,
        kind,
        key=f"{stem}{sent + 1}",
        payload=body,
        now=now,
        invoice_number=invoice.number,
    )


def _tell(
    order: Order, code: str, facts: dict[str, Any], *, now: datetime, actor: User | None
) -> None:
    kind = TimelineEntry.Kind.TRACKING
    moving.record(order, kind=kind, code=code, now=now, actor=actor, facts=facts)


def _hand_over(order: Order, *, now: datetime, actor: User | None) -> None:
    """Everything packed and every package with the carrier: the order is handed over."""
    if order.status == Status.INVOICED and not order.packages.filter(dispatched_at=None).exists():
        moving.move(order, Status.SHIPPED, now=now, code="shipped", actor=actor)


def _finish(order: Order, *, now: datetime, actor: User | None) -> None:
    if order.status == Status.SHIPPED and not order.packages.filter(delivered_at=None).exists():
        moving.move(order, Status.DELIVERED, now=now, code="delivered", actor=actor)
