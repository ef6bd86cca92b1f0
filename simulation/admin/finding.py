"""Recorded answers by SKU, time, cause and speed, paged by key; and how the last hour went."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.db.models import Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from sellers.days import require_our_time
from sellers.models import SellerAccount
from sellers.row_ids import is_row_id
from simulation.models import SimulationCapture, SimulationMinute
from simulation.sentences import CAUSES
from simulation.tallying import percentile

PAGE = 50
WITHIN = [
    ("5", _("5 minutes")),
    ("15", _("15 minutes")),
    ("60", _("1 hour")),
    ("720", _("12 hours")),
]


#: Beside the causes: every answer that was no quote at all.
NOT_ANSWERED = "not-answered"
_CAUSES = [("", pgettext_lazy("causes", "all")), *CAUSES.items(), (NOT_ANSWERED, _("not answered"))]
_DAY = forms.DateInput({"type": "date"}, format="%Y-%m-%d")


class FindForm(forms.Form):
    """Which answers: of a SKU, of days or around a moment on the account's clocks, of a cause."""

    account = forms.ModelChoiceField(
        SellerAccount.objects.all(),
        label=_("Account"),
        required=False,
        empty_label=pgettext_lazy("accounts", "All"),
    )
    sku = forms.CharField(label=_("SKU id"), max_length=100, required=False)
    cause = forms.ChoiceField(label=_("Cause"), choices=_CAUSES, required=False)
    since = forms.DateField(
        label=_("Days from"), required=False, widget=_DAY, validators=[require_our_time]
    )
    until = forms.DateField(
        label=pgettext_lazy("period", "to"),
        required=False,
        widget=_DAY,
        validators=[require_our_time],
    )
    at = forms.DateTimeField(
        label=_("Around"),
        required=False,
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        validators=[require_our_time],
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"],
    )
    within = forms.ChoiceField(
        label=_("Give or take"), choices=WITHIN, required=False, initial="15"
    )
    took_ms = forms.IntegerField(
        label=_("Took at least (ms)"), required=False, min_value=0, max_value=600_000
    )
    everything = forms.BooleanField(label=_("Also what was sold in full"), required=False)

    def clean(self) -> dict[str, Any]:
        """Days as the midnights around them, on the clocks that are current."""
        cleaned = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        cleaned["begin"] = _midnight(since) if since else None
        cleaned["end"] = _midnight(until + timedelta(days=1)) if until else None
        return cleaned


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), timezone.get_current_timezone())


def matching(asked: dict[str, Any]) -> QuerySet[SimulationCapture]:
    """The latest first. By index: the SKU by its GIN index, the time by its own."""
    rows = SimulationCapture.objects.select_related("account").defer("payload", "answer")
    if asked.get("account"):
        rows = rows.filter(account=asked["account"])
    if asked.get("sku"):
        rows = rows.filter(refs__contains=[asked["sku"].strip()])
    if asked.get("at"):
        rows = rows.filter(at__range=_around(asked["at"], int(asked.get("within") or 15)))
    if begin := asked.get("begin"):
        rows = rows.filter(at__gte=begin)
    if end := asked.get("end"):
        rows = rows.filter(at__lt=end)
    return _of_kind(rows, asked).order_by("-at", "-id")


def _of_kind(
    rows: QuerySet[SimulationCapture], asked: dict[str, Any]
) -> QuerySet[SimulationCapture]:
    """Of a cause, of at least so many milliseconds; without the whole ones unless asked for."""
    if asked.get("cause") == NOT_ANSWERED:
        rows = rows.exclude(status=200)
    elif asked.get("cause"):
        rows = rows.filter(causes__contains=[asked["cause"]])
    if asked.get("took_ms"):
        rows = rows.filter(took_us__gte=asked["took_ms"] * 1_000)
    return rows if asked.get("everything") else rows.exclude(causes=[])


def _around(moment: datetime, minutes: int) -> tuple[datetime, datetime]:
    return moment - timedelta(minutes=minutes), moment + timedelta(minutes=minutes + 1)


def after(rows: QuerySet[SimulationCapture], cursor: str) -> QuerySet[SimulationCapture]:
    """The rows that come behind `moment,id` in the list."""
    moment, _comma, last = cursor.rpartition(",")
    try:
        at = datetime.fromisoformat(moment)
    except ValueError:
        return rows
    if not is_row_id(last) or timezone.is_naive(at):
        return rows
    return rows.filter(Q(at__lt=at) | Q(at=at, id__lt=int(last)))


def cursor(row: SimulationCapture) -> str:
    return f"{row.at.isoformat()},{row.pk}"


@dataclass(frozen=True)
class LastHour:
    calls: int
    unavailable: int
    unanswered: int
    failed: int
    rejected: int
    dropped: int
    p50_ms: float | None
    p95_ms: float | None


def last_hour(now: datetime) -> LastHour:
    rows = SimulationMinute.objects.filter(minute__gt=now - timedelta(hours=1)).order_by()
    figures = ("calls", "unavailable", "unanswered", "failed", "rejected", "dropped")
    sums = rows.aggregate(**{name: Sum(name, default=0) for name in figures})
    columns = zip(*rows.values_list("durations", flat=True), strict=False)
    durations = [sum(column) for column in columns]
    return LastHour(**sums, p50_ms=percentile(durations, 0.5), p95_ms=percentile(durations, 0.95))
