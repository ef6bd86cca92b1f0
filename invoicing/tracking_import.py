"""Tracking and deliveries out of a carrier's table: which package a row means, what it does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cache
from typing import Any

from django.db.models import TextChoices
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from invoicing import carrying, tracking
from invoicing.models import Carrier, ManifestEntry, Package
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
    has_hour: bool = False
    """The row says at which hour it was delivered."""

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
        self.days: dict[int, tuple[int, date]] = {}

    def noted(self, said: Said) -> Said:
        package = said.package
        if package is None:
            return said
        why = self._against(said, package)
        if why:
            return Said(said.row, Outcome.PROBLEM, package, why=why)
        line = said.row.line
        if said.number:
            self.numbers.setdefault(package.pk, (line, said.number))
            self.orders.setdefault(said.number, (line, package.order_id))
        if said.delivered:
            self.days.setdefault(package.pk, (line, _day(said.delivered, package)))
        return said

    def _against(self, said: Said, package: Package) -> str:
        number = self.numbers.get(package.pk)
        if said.number and number and number[1] != said.number:
            return _("Row %(row)d gives this package another number.") % {"row": number[0]}
        order = self.orders.get(said.number)
        if order and order[1] != package.order_id:
            return _("Row %(row)d gives this number to another order.") % {"row": order[0]}
        day = self.days.get(package.pk)
        if said.delivered and day and day[1] != _day(said.delivered, package):
            return _("Row %(row)d gives this package another day of delivery.") % {"row": day[0]}
        return ""


def _day(at: datetime, package: Package) -> date:
    return timezone.localdate(at, package.order.account.zone)


def _meanings(rows: Sequence[Row], *, carrier: str, now: datetime) -> list[Said]:
    known = finding.named({row.named for row in rows if row.named})
    ids = {pk for found in known.values() for pk in found}
    packages = Package.objects.select_related(
        "order__account", "manifest_entry__manifest__carrier"
    ).in_bulk(ids)
    look_up = cache(carrying.known)
    said = []
    for row in rows:
        try:
            package = _package(row, [packages[pk] for pk in known.get(row.named, ())])
            meant = _meaning(row, package, carrier=carrier, now=now, look_up=look_up)
            if meant.outcome != Outcome.SAME:
                _require_possible(meant, package, now=now)
            said.append(meant)
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
    delivered, has_hour = _delivery(row, package, now=now)
    facts: dict[str, Any] = {"package": package, "delivered": delivered, "has_hour": has_hour}
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


def _require_possible(said: Said, package: Package, *, now: datetime) -> None:
    """Raises what entering the row would raise, so that nobody is promised what is refused."""
    day = _day(package.dispatched_at, package) if package.dispatched_at else None
    if said.number:
        _require_its_carrier(said, package)
        day = _hand_over_day(said, package, now=now)
        tracking.check_day(day, package=package, now=now)
    if said.delivered is None or package.delivered_at or day is None:
        return
    left_at = package.dispatched_at
    if left_at is None or _day(left_at, package) != day:
        left_at = said.dispatched
    is_early = said.has_hour and left_at is not None and said.delivered < left_at
    if _day(said.delivered, package) < day or is_early:
        raise DomainError("bad-date", _("The package was handed over after that."))


def _require_its_carrier(said: Said, package: Package) -> None:
    """A van took it along, or is about to: nobody else has a number for it."""
    entry: ManifestEntry | None = getattr(package, "manifest_entry", None)
    if entry and entry.manifest.carrier.name.casefold() != said.courier.casefold():
        facts = {"manifest": entry.manifest.code, "carrier": entry.manifest.carrier.name}
        raise DomainError(
            "other-carrier", _("It is on manifest %(manifest)s of %(carrier)s.") % facts
        )


def _delivery(row: Row, package: Package, *, now: datetime) -> tuple[datetime | None, bool]:
    """And whether it has an hour. A day without one is its evening, never later than now."""
    found = tables.moment(row.values.get("delivered"), package.order.account.zone)
    if found is None:
        return None, False
    at, has_hour = found
    if not has_hour:
        at = min(datetime.combine(at.date(), time(20), at.tzinfo), now) if at <= now else at
    if at > now:
        raise DomainError("bad-date", _("The delivery can't be in the future."))
    return at, has_hour


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


def _hand_over_day(said: Said, package: Package, *, now: datetime) -> date:
    """The day that the row says, else the day that is known, else today."""
    day = _day(said.dispatched or package.dispatched_at or now, package)
    if package.closed_at and not said.dispatched:
        day = max(day, _day(package.closed_at, package))
    return day


def _enter(said: Said, package: Package, *, now: datetime, actor: User | None) -> None:
    tracking.enter_tracking(
        package=package,
        courier=said.courier,
        number=said.number,
        url=said.url,
        dispatched_on=_hand_over_day(said, package, now=now),
        now=now,
        actor=actor,
    )


def _deliver(
    said: Said, package: Package, at: datetime, *, now: datetime, actor: User | None
) -> None:
    """On the day of its hand-over a delivery may seem to come before it: when the row says no
    hour, or the hand-over is this row's too, whose hour nobody knows."""
    before = package.dispatched_at
    package.refresh_from_db(fields=["dispatched_at"])
    is_guess = not said.has_hour or package.dispatched_at != before
    left_at = package.dispatched_at
    if is_guess and left_at and _day(at, package) == _day(left_at, package):
        at = max(at, left_at)
    tracking.deliver(package=package, delivered_at=at, now=now, actor=actor)
