"""Tracking and deliveries out of a carrier's table: which package a row means, what it does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from functools import cache
from typing import Any

from django.db.models import TextChoices
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from invoicing import carrying, tracking
from invoicing.models import Carrier, Package
from invoicing.printing import finding
from invoicing.printing.codes import package_code
from invoicing.tracking_file import Row
from sellers import tables
from sellers.errors import DomainError
from sellers.models import User

_PART = 250


class Outcome(TextChoices):
    NEW = "new", gettext_lazy("tracking number is new")
    OTHER = "other", gettext_lazy("replaces another tracking number")
    DELIVERED = "delivered", gettext_lazy("delivered")
    SAME = "same", gettext_lazy("known already")
    PROBLEM = "problem", gettext_lazy("left out")


@dataclass(frozen=True)
class Said:
    """What a row means, checked: enough to carry it out."""

    row: Row
    outcome: Outcome
    package: Package | None = None
    why: str = ""
    courier: str = ""
    number: str = ""
    url: str = ""
    dispatched: datetime | None = None
    delivered: datetime | None = None

    @property
    def code(self) -> str:
        return package_code(self.package) if self.package else ""


def read_rows(rows: Iterable[Row], *, carrier: str, now: datetime) -> Iterator[list[Said]]:
    """What the rows mean, a part of them at a time, in a few queries each; nothing is written.

    `carrier` is whose table it is, for rows that do not name one.
    """
    part: list[Row] = []
    repeats = _Repeats()
    for row in rows:
        part.append(row)
        if len(part) == _PART:
            yield [repeats.noted(said) for said in _meanings(part, carrier=carrier, now=now)]
            part = []
    if part:
        yield [repeats.noted(said) for said in _meanings(part, carrier=carrier, now=now)]


class _Repeats:
    """Two rows that contradict each other: the first counts, the second is left out."""

    def __init__(self) -> None:
        self.numbers: dict[int, tuple[int, str]] = {}
        self.orders: dict[str, tuple[int, int]] = {}

    def noted(self, said: Said) -> Said:
        if said.package is None or not said.number:
            return said
        line = said.row.line
        before = self.numbers.setdefault(said.package.pk, (line, said.number))
        if before[1] != said.number:
            why = _("Row %(row)d gives this package another number.") % {"row": before[0]}
            return Said(said.row, Outcome.PROBLEM, said.package, why=why)
        other = self.orders.setdefault(said.number, (line, said.package.order_id))
        if other[1] != said.package.order_id:
            why = _("Row %(row)d gives this number to another order.") % {"row": other[0]}
            return Said(said.row, Outcome.PROBLEM, said.package, why=why)
        return said


def _meanings(rows: Sequence[Row], *, carrier: str, now: datetime) -> list[Said]:
    known = finding.named({row.named for row in rows if row.named})
    ids = {pk for found in known.values() for pk in found}
    packages = Package.objects.select_related("order__account").in_bulk(ids)
    look_up = cache(carrying.known)
    said = []
    for row in rows:
        try:
            package = _package(row, [packages[pk] for pk in known.get(row.named, ())])
            said.append(_meaning(row, package, carrier=carrier, now=now, look_up=look_up))
        except DomainError as refusal:
            said.append(Said(row, Outcome.PROBLEM, why=refusal.message))
    return said


def _package(row: Row, found: list[Package]) -> Package:
    if not row.named:
        raise DomainError("no-package", _("The row does not say which package it is."))
    order = row.text("order")
    if len(found) > 1 and order:
        # An invoice number of two accounts, with the order to tell them apart.
        ids = ("seller_order_id", "marketplace_order_id")
        named = [one for one in found if order in [getattr(one.order, name) for name in ids]]
        found = named or found
    if not found:
        raise DomainError("no-package", _("No closed package of ours has this id."))
    if len(found) > 1:
        raise DomainError(
            "several-packages",
            _("This means %(count)d packages: give the package or its invoice.")
            % {"count": len(found)},
        )
    return found[0]


def _meaning(
    row: Row,
    package: Package,
    *,
    carrier: str,
    now: datetime,
    look_up: Callable[[str], Carrier | None],
) -> Said:
    zone = package.order.account.zone
    dispatched = tables.moment(row.values.get("dispatched"), zone)
    delivered = _delivery(row, package, now=now)
    facts: dict[str, Any] = {"package": package, "delivered": delivered}
    number = row.text("tracking")
    if not number:
        if delivered is None:
            raise DomainError("nothing-said", _("The row has no tracking number."))
        if package.dispatched_at is None:
            raise DomainError("not-dispatched", _("It was not handed over yet: give its number."))
        outcome = Outcome.SAME if package.delivered_at else Outcome.DELIVERED
        return Said(row, outcome, **facts)
    name = row.text("carrier") or carrier or package.courier
    courier, number, url = tracking.checked(
        courier=name, number=number, url=row.text("url"), look_up=look_up
    )
    facts |= {"courier": courier, "number": number, "url": url}
    facts["dispatched"] = dispatched[0] if dispatched else None
    return Said(row, _outcome(package, number, delivered), **facts)


def _delivery(row: Row, package: Package, *, now: datetime) -> datetime | None:
    """A day without an hour is its evening, never later than now."""
    found = tables.moment(row.values.get("delivered"), package.order.account.zone)
    if found is None:
        return None
    at, has_hour = found
    if not has_hour:
        at = min(datetime.combine(at.date(), time(20), at.tzinfo), now) if at <= now else at
    if at > now:
        raise DomainError("bad-date", _("The delivery can't be in the future."))
    return at


def _outcome(package: Package, number: str, delivered: datetime | None) -> Outcome:
    if package.tracking_number and package.tracking_number != number:
        return Outcome.OTHER
    if delivered and not package.delivered_at:
        return Outcome.DELIVERED
    return Outcome.SAME if package.tracking_number == number else Outcome.NEW


def carry_out(said: Said, *, now: datetime, actor: User | None) -> Said:
    """Enter what the row says. Done twice it is the same as once. What is refused becomes a
    problem of the row."""
    if said.package is None or said.outcome in (Outcome.PROBLEM, Outcome.SAME):
        return said
    try:
        if said.number:
            _enter(said, said.package, now=now, actor=actor)
        if said.delivered:
            _deliver(said, said.package, said.delivered, now=now, actor=actor)
    except DomainError as refusal:
        return Said(said.row, Outcome.PROBLEM, said.package, why=refusal.message)
    return said


def _enter(said: Said, package: Package, *, now: datetime, actor: User | None) -> None:
    """Handed over on the day that the row says, else on the day that is known, else today."""
    zone = package.order.account.zone
    day = timezone.localdate(said.dispatched or package.dispatched_at or now, zone)
    if package.closed_at and not said.dispatched:
        day = max(day, timezone.localdate(package.closed_at, zone))
    tracking.enter_tracking(
        package=package,
        courier=said.courier,
        number=said.number,
        url=said.url,
        dispatched_on=day,
        now=now,
        actor=actor,
    )


def _deliver(
    said: Said, package: Package, at: datetime, *, now: datetime, actor: User | None
) -> None:
    """On the day of its hand-over a delivery without an hour may seem to come before it."""
    package.refresh_from_db(fields=["dispatched_at"])
    if package.dispatched_at and at < package.dispatched_at:
        zone = package.order.account.zone
        if timezone.localdate(at, zone) == timezone.localdate(package.dispatched_at, zone):
            at = package.dispatched_at
    tracking.deliver(package=package, delivered_at=at, now=now, actor=actor)
