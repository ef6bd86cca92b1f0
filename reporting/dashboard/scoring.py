"""The scorecard: each account's rates beside what its marketplace demands, before it says so."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.urls import reverse
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reporting.dashboard import reading
from reporting.dashboard.asking import Asked
from reporting.dashboard.reading import Rate, Sums
from reporting.models import Scorecard
from sellers.admin.base import NOTHING
from sellers.models import SellerAccount

#: From this part of the way to a limit it is said to be near.
NEAR = Decimal("0.8")


@dataclass(frozen=True)
class Measure:
    """A rate, which field of the scorecard limits it, and which orders are behind it."""

    title: Promise
    limit: str
    is_least: bool
    rate: Callable[[Sums], Rate]
    part: tuple[str, str]
    whole: tuple[str, str]


MEASURES = (
    Measure(
        gettext_lazy("Late hand-overs"),
        "most_late",
        False,
        reading.late,
        ("due", "missed"),
        ("due", "judged"),
    ),
    Measure(
        gettext_lazy("Cancelled by us"),
        "most_cancelled",
        False,
        reading.cancelled_by_us,
        ("paid", "seller"),
        ("paid", ""),
    ),
    Measure(
        gettext_lazy("Valid tracking"),
        "least_tracked",
        True,
        reading.tracked,
        ("handed-over", "tracked"),
        ("handed-over", ""),
    ),
    Measure(
        gettext_lazy("Returns"),
        "most_returned",
        False,
        reading.came_back,
        ("came-back", ""),
        ("handed-over", ""),
    ),
)
#: Shape and colour of a verdict, beside its words.
SIGNS = {"good": "●", "near": "◆", "over": "▲", "none": "○"}


@dataclass(frozen=True)
class Score:
    """One rate in words; `verdict` is good, near, over, or none without orders."""

    title: str
    percent: str
    limit: str
    verdict: str
    sign: str
    told: str
    part: int
    whole: int
    part_link: str
    whole_link: str
    before: str
    before_link: str


@dataclass(frozen=True)
class Card:
    account: str
    scores: list[Score]
    limits_link: str


def cards(
    asked: Asked, now: Mapping[int, Sums], before: Mapping[int, Sums], *, may_edit: bool
) -> list[Card]:
    """One for each account, as each marketplace judges for itself."""
    kept = Scorecard.objects.in_bulk(asked.ids)
    return [
        Card(
            account=account.name,
            scores=list(
                _scores(
                    asked,
                    account,
                    kept.get(account.pk) or Scorecard(account=account),
                    now[account.pk],
                    before[account.pk],
                )
            ),
            limits_link=reverse("admin:scorecard", args=[account.pk]) if may_edit else "",
        )
        for account in asked.accounts
    ]


def _scores(
    asked: Asked, account: SellerAccount, card: Scorecard, now: Sums, before: Sums
) -> Iterable[Score]:
    alone = asked.of_account(account)
    for measure in MEASURES:
        rate, limit = measure.rate(now), Decimal(getattr(card, measure.limit))
        verdict = judge(rate, limit, is_least=measure.is_least)
        yield Score(
            title=str(measure.title),
            percent=told_percent(rate),
            limit=_limit(limit, measure.is_least),
            verdict=verdict,
            sign=SIGNS[verdict],
            told=_told(verdict),
            part=rate.part,
            whole=rate.whole,
            part_link=alone.rows_behind(*measure.part),
            whole_link=alone.rows_behind(*measure.whole),
            before=told_percent(measure.rate(before)),
            before_link=alone.earlier.rows_behind(*measure.part),
        )


def judge(rate: Rate, limit: Decimal, *, is_least: bool) -> str:
    """Exact, in hundredths: a rate at its limit keeps it."""
    if not rate.whole:
        return "none"
    percent = Decimal(100 * rate.part) / rate.whole
    # What is demanded at least is a limit on what is missing.
    missing, most = (100 - percent, 100 - limit) if is_least else (percent, limit)
    if missing > most:
        return "over"
    return "near" if missing > most * NEAR else "good"


def _told(verdict: str) -> str:
    return {
        "good": _("well within"),
        "near": _("close to the limit"),
        "over": _("beyond the limit"),
        "none": _("no orders"),
    }[verdict]


def told_percent(rate: Rate) -> str:
    return NOTHING if rate.percent is None else f"{number_format(rate.percent, 1)}\u00a0%"


def _limit(limit: Decimal, is_least: bool) -> str:
    number = number_format(limit.normalize() if limit else Decimal(0), use_l10n=True)
    words = _("at least %(limit)s") if is_least else _("at most %(limit)s")
    return words % {"limit": f"{number}\u00a0%"}
