"""Which days and which account the dashboard shows, and the addresses of the rows behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from reporting.dashboard.figures import figures
from reporting.filtering import SPANS, days_of
from sellers.days import is_of_our_time, out_of_time
from sellers.models import SellerAccount

DEFAULT_SPAN = "last-7-days"
#: Longer is not a period any more; a wrong year is typed easily.
MOST_DAYS = 366 * 5
MOST_ACCOUNTS = 20


@dataclass(frozen=True)
class Asked:
    """`since` and `until` are both shown; `span` is empty for days of one's own choice."""

    accounts: Sequence[SellerAccount]
    account: SellerAccount | None
    span: str
    since: date
    until: date
    problem: str = ""

    @property
    def ids(self) -> list[int]:
        return [account.pk for account in self.accounts]

    @property
    def days(self) -> int:
        return (self.until - self.since).days + 1

    @property
    def before(self) -> tuple[date, date]:
        """As many days, just before."""
        return self.since - timedelta(days=self.days), self.since - timedelta(days=1)

    @property
    def told(self) -> str:
        if self.span:
            return str(SPANS[self.span])
        first, last = (date_format(day, "SHORT_DATE_FORMAT") for day in (self.since, self.until))
        return (
            first
            if self.days == 1
            else _("%(since)s to %(until)s")
            % {
                "since": first,
                "until": last,
            }
        )

    def of_account(self, account: SellerAccount) -> Asked:
        return replace(self, account=account, accounts=[account])

    def query(self, **changes: str) -> str:
        """This choice with another part; an empty one is left out."""
        kept = {"span": self.span} if self.span else self._own_days()
        if self.account:
            kept["account"] = str(self.account.pk)
        if "span" in changes:
            kept.pop("since", None), kept.pop("until", None)
        return urlencode({name: text for name, text in (kept | changes).items() if text})

    def _own_days(self) -> dict[str, str]:
        return {"since": self.since.isoformat(), "until": self.until.isoformat()}

    @property
    def earlier(self) -> Asked:
        """The same question about the period before."""
        since, until = self.before
        return replace(self, span="", since=since, until=until)

    def answers_behind(self, *, cause: str = "", took_ms: float | None = None) -> str:
        """Where recorded answers of the period are listed, of one cause or so slow alone."""
        asked = {"since": self.since.isoformat(), "until": self.until.isoformat()}
        if self.account:
            asked["account"] = str(self.account.pk)
        if took_ms is not None:
            asked |= {"took_ms": str(int(took_ms)), "everything": "on"}
        elif cause:
            asked["cause"] = cause
        recorded = reverse("admin:simulation_simulationcapture_changelist")
        return f"{recorded}?{urlencode(asked)}"

    def rows_behind(
        self, figure: str, key: str = "", *, days: tuple[date, date] | None = None
    ) -> str:
        """Where the orders of a number are listed: those of the period, or of other `days`."""
        since, until = days or (self.since, self.until)
        asked = {
            "time": figures()[figure].time,
            "since": since.isoformat(),
            "until": until.isoformat(),
            "figure": f"{figure}.{key}" if key else figure,
        }
        if self.account:
            asked["account"] = str(self.account.pk)
        return f"{reverse('admin:report', args=['mapping'])}?{urlencode(asked)}"


def asked_of(given: Mapping[str, str], *, now: datetime) -> Asked:
    """What an address asks for. What can't be meant is told, and the usual shown instead."""
    accounts = list(SellerAccount.objects.order_by("name")[:MOST_ACCOUNTS])
    chosen = next((each for each in accounts if str(each.pk) == given.get("account")), None)
    zone = chosen.zone if chosen else accounts[0].zone if accounts else ZoneInfo("UTC")
    shown = [chosen] if chosen else accounts
    today = now.astimezone(zone).date()
    own = _own_days(given, today)
    if isinstance(own, tuple):
        return Asked(shown, chosen, "", *own)
    span = given.get("span", DEFAULT_SPAN)
    usual = span if span in SPANS else DEFAULT_SPAN
    since, until = days_of(usual, today=today)
    return Asked(shown, chosen, usual, since or today, min(until or today, today), own)


def _own_days(given: Mapping[str, str], today: date) -> tuple[date, date] | str:
    """The days that were asked for by date; else why not, empty when none were."""
    texts = given.get("since", ""), given.get("until", "")
    if not any(texts):
        return ""
    try:
        since, until = (parse_date(text) if text else today for text in texts)
    except ValueError:
        since = None
    if since is None or until is None:
        return _("Write days like 2026-03-31.")
    if not (is_of_our_time(since) and is_of_our_time(until)):
        return out_of_time()
    if since > until:
        return _("The period ends before it begins.")
    if (until - since).days >= MOST_DAYS:
        return _("That is longer than five years.")
    return since, min(until, max(since, today))
