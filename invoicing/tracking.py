"""After the packing table: the carrier's data, told to the marketplace as soon as it is known; and,
from next door, what happens on the way."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from invoicing import carrying, notices
from invoicing.following import add_event, deliver
from invoicing.models import Carrier, Package
from orders import moving
from orders.models import Order
from orders.states import Status
from sellers.errors import DomainError
from sellers.models import OutboxMessage, User

__all__ = ["add_event", "check_day", "checked", "deliver", "enter_tracking", "hand_over"]

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
    happens. A known carrier's number is checked, its address filled in. Raises DomainError
    (`not-real`, `bad-tracking-number`, `bad-url`, `bad-date`) and Conflict (`package-open`).
    """
    courier, number, url = checked(courier=courier, number=number, url=url)
    order = moving.lock(order_id=package.order_id)
    package = order.packages.get(pk=package.pk)
    invoice = notices.invoice_of(package)
    check_day(dispatched_on, package=package, now=now)
    same_day = _local_day(package) == dispatched_on
    known = package.dispatched_at if same_day else None
    dispatched_at = known or _moment(dispatched_on, order=order, now=now)
    told = (package.courier, package.tracking_number, package.tracking_url)
    if told == (courier, number, url) and same_day:
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
    notices.owe_about(invoice, OutboxMessage.Kind.TRACKING, body, now=now, actor=actor)
    facts = {"package": package.number, "courier": courier, "tracking_number": number}
    notices.tell_tracking(order, "tracking-entered", facts, now=now, actor=actor)
    _hand_over(order, now=now, actor=actor)
    return package


@transaction.atomic
def hand_over(
    *, package: Package, courier: str, number: str, manifest: str, at: datetime, actor: User | None
) -> None:
    """The carrier took the package along. Its number is told the marketplace if it is known; if
    not, the package has left all the same, and `enter_tracking` tells it later.

    Raises what `enter_tracking` raises.
    """
    order = moving.lock(order_id=package.order_id)
    package = order.packages.get(pk=package.pk)
    number = number or package.tracking_number
    facts = {"package": package.number, "courier": courier, "manifest": manifest}
    notices.tell_tracking(order, "handed-over", facts, now=at, actor=actor)
    if package.dispatched_at and number == package.tracking_number:
        return
    if number:
        url = package.tracking_url if number == package.tracking_number else ""
        day = timezone.localdate(at, order.account.zone)
        enter_tracking(
            package=package,
            courier=courier,
            number=number,
            url=url,
            dispatched_on=day,
            now=at,
            actor=actor,
        )
        return
    package.courier, package.dispatched_at = courier, at
    package.save(update_fields=["courier", "dispatched_at"])
    _hand_over(order, now=at, actor=actor)


def checked(
    *,
    courier: str,
    number: str,
    url: str,
    look_up: Callable[[str], Carrier | None] = carrying.known,
) -> tuple[str, str, str]:
    """Carrier, number and address as they would be kept. Raises what `enter_tracking` raises for
    them; nothing is written."""
    courier, number, url = courier.strip(), number.strip(), url.strip()
    _check(courier=courier, number=number, url=url)
    return carrying.settle(courier=courier, number=number, url=url, look_up=look_up)


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


def check_day(day: date, *, package: Package, now: datetime) -> None:
    """Raises DomainError `bad-date` for a hand-over before the closing or in the future."""
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


def _hand_over(order: Order, *, now: datetime, actor: User | None) -> None:
    """Everything packed and every package with the carrier: the order is handed over."""
    if order.status == Status.INVOICED and not order.packages.filter(dispatched_at=None).exists():
        moving.move(order, Status.SHIPPED, now=now, code="shipped", actor=actor)
