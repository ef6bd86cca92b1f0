"""When a scheduled report is due, and having it made."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import QuerySet
from django.utils import translation

from reporting import exporting_asking
from reporting.asking import asked_of
from reporting.declarations import REPORTS, NotUnderstood, may_read
from reporting.exporting_files import FORMATS
from reporting.models import ReportLetter, ReportSchedule
from sellers.models import User

Cadence = ReportSchedule.Cadence


def next_after(schedule: ReportSchedule, now: datetime) -> datetime:
    """The first moment after `now` that it names. A missed one is not made up for."""
    zone = ZoneInfo(exporting_asking.zone_name())
    day = now.astimezone(zone).date()
    for ahead in range(63):
        moment = datetime.combine(day + timedelta(days=ahead), time(schedule.hour), tzinfo=zone)
        if moment > now and _is_its_day(schedule, moment.date()):
            return moment
    raise ValueError(f"{schedule.cadence} names no day.")


def _is_its_day(schedule: ReportSchedule, day: date) -> bool:
    if schedule.cadence == Cadence.WEEKLY:
        return day.weekday() == schedule.weekday
    return schedule.cadence == Cadence.DAILY or day.day == schedule.day


def ask_due(*, now: datetime) -> int:
    """Have every report made that is due; how many. Two that look at once ask once."""
    due = ReportSchedule.objects.filter(is_active=True, next_at__lte=now)
    return sum(_ask(schedule, now=now) for schedule in due.order_by("next_at", "pk"))


@transaction.atomic
def _ask(schedule: ReportSchedule, *, now: datetime) -> bool:
    # The WHERE clause is the lock: whoever moves it on from this moment asks.
    mine = ReportSchedule.objects.filter(
        pk=schedule.pk, is_active=True, next_at=schedule.next_at
    ).update(next_at=next_after(schedule, now), last_at=now)
    if not mine:
        return False
    recipients = [one for one in schedule.recipients.all() if may_receive(schedule, one)]
    report = REPORTS.get(schedule.report)
    if report is None or schedule.format not in FORMATS or not recipients:
        return False
    with translation.override(schedule.language):
        try:
            asking = asked_of(report, schedule.asked, now=now)
        except NotUnderstood:
            return False
        job = exporting_asking.ask(asking, schedule.format, user=None)
    ReportLetter.objects.bulk_create(
        ReportLetter(schedule=schedule, job=job, recipient=one) for one in recipients
    )
    return True


def readers() -> QuerySet[User]:
    """Staff who may see reports and money, the least that any report asks for, by name."""
    backend = "django.contrib.auth.backends.ModelBackend"
    allowed = User.objects.filter(is_staff=True)
    for permission in ("reporting.see_reports", "orders.view_money"):
        able = User.objects.with_perm(permission, backend=backend)
        allowed = allowed.filter(pk__in=able.values("pk"))
    return allowed.order_by("first_name", "last_name", "username")


def may_receive(schedule: ReportSchedule, user: User) -> bool:
    """Asked when it is set up, when it is made and when it is sent."""
    report = REPORTS.get(schedule.report)
    return bool(report and user.is_staff and user.email and may_read(report, user))
