"""The dashboard's numbers, each beside the period before and with the rows behind both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from reporting.dashboard import reading, scoring
from reporting.dashboard.asking import Asked
from reporting.dashboard.figures import figures
from reporting.dashboard.reading import Sums
from sellers.admin.base import NOTHING
from sellers.money import format_cents


@dataclass(frozen=True)
class Number:
    """One number; `change` is up, down or empty, `is_good` what that means; None: nothing."""

    title: str
    value: str
    before: str
    link: str = ""
    before_link: str = ""
    note: str = ""
    change: str = ""
    is_good: bool | None = None
    hint: str = ""


def orders(asked: Asked, of_accounts: Mapping[int, Sums], sums: Sums, before: Sums) -> list[Number]:
    """How many, what they are worth, and how long they took."""
    counted = [
        _of_figure(
            asked,
            sums,
            before,
            code,
            note=_worth(asked, of_accounts, code),
            more_is_good=True,
        )
        for code in ("placed", "handed-over")
    ]
    return [*counted, *_times(asked, sums, before)]


def _of_figure(
    asked: Asked,
    sums: Sums,
    before: Sums,
    code: str,
    key: str = "",
    *,
    title: str = "",
    note: str = "",
    more_is_good: bool,
) -> Number:
    keys = (key,) if key else ()
    number = _counting(
        title or str(figures()[code].title),
        sums.of(code, *keys),
        before.of(code, *keys),
        more_is_good=more_is_good,
    )
    return replace(
        number,
        note=note,
        link=asked.rows_behind(code, key),
        before_link=asked.earlier.rows_behind(code, key),
    )


def _worth(asked: Asked, of_accounts: Mapping[int, Sums], code: str) -> str:
    """What the marketplaces pay for these orders, by currency."""
    added: dict[str, int] = {}
    for account in asked.accounts:
        cents = of_accounts[account.pk].cents(code)
        added[account.currency] = added.get(account.currency, 0) + cents
    return " · ".join(format_cents(cents, currency) for currency, cents in sorted(added.items()))


def _counting(title: str, count: int, earlier: int, *, more_is_good: bool | None) -> Number:
    told = number_format(count, force_grouping=True), number_format(earlier, force_grouping=True)
    return _compared(Number(title, *told), count, earlier, more_is_good=more_is_good)


def _compared(
    number: Number, value: float | None, earlier: float | None, *, more_is_good: bool | None
) -> Number:
    """With the way it went, as far as that can be seen in what is shown."""
    if value is None or earlier is None or number.value == number.before:
        return number
    is_good = None if more_is_good is None else (value > earlier) == more_is_good
    return replace(number, change="up" if value > earlier else "down", is_good=is_good)


def _times(asked: Asked, sums: Sums, before: Sums) -> Iterable[Number]:
    """Median, and what nine in ten orders do not exceed."""
    for code in ("to-invoiced", "to-handed-over"):
        half, most = (reading.minutes(sums, code, share) for share in (0.5, 0.9))
        earlier = reading.minutes(before, code, 0.5)
        number = Number(
            title=str(figures()[code].title),
            value=span(half),
            before=span(earlier),
            link=asked.rows_behind(code),
            before_link=asked.earlier.rows_behind(code),
            note=_("nine in ten within %(time)s") % {"time": span(most)},
            hint=str(figures()[code].meaning),
        )
        yield _compared(number, half, earlier, more_is_good=False)


def span(minutes: int | None) -> str:
    """Minutes as people say them."""
    if minutes is None:
        return NOTHING
    if minutes < 120:
        return _("%(minutes)d min") % {"minutes": minutes}
    if minutes < 48 * 60:
        facts = {"hours": minutes // 60, "minutes": minutes % 60}
        return _("%(hours)d h %(minutes)02d min") % facts
    days, rest = divmod(minutes, 24 * 60)
    return _("%(days)d d %(hours)d h") % {"days": days, "hours": rest // 60}


def stock(asked: Asked, sums: Sums, before: Sums) -> list[Number]:
    """What was not sold, or not kept, for lack of stock."""
    missing = ("out-of-stock", "no-stock-for-destination")
    refused = _counting(
        _("Lines of quotes refused for stock"),
        sums.of("refused-lines", *missing),
        before.of("refused-lines", *missing),
        more_is_good=False,
    )
    return [
        _answers(refused, asked, cause=missing[0]),
        _of_figure(asked, sums, before, "no-stock", more_is_good=False),
        _of_figure(
            asked,
            sums,
            before,
            "cancelled",
            "seller:out-of-stock",
            title=_("Cancelled by us for stock"),
            more_is_good=False,
        ),
    ]


def simulations(asked: Asked, sums: Sums, before: Sums) -> list[Number]:
    """How many quotes were given, how fast, how whole."""
    quoted = (reading.quoted(each) for each in (sums, before))
    lost = (reading.not_quoted(each) for each in (sums, before))
    answered = _counting(_("Simulations answered"), *quoted, more_is_good=None)
    missing = _counting(_("Not answered"), *lost, more_is_good=False)
    return [
        _answers(answered, asked, took_ms=0),
        _pace(asked, sums, before),
        _answers(_lacking(sums, before), asked),
        _answers(missing, asked, cause="not-answered"),
    ]


def _answers(number: Number, asked: Asked, **of: Any) -> Number:
    """With the recorded answers of both periods behind it."""
    return replace(
        number,
        link=asked.answers_behind(**of),
        before_link=asked.earlier.answers_behind(**of),
    )


def _pace(asked: Asked, sums: Sums, before: Sums) -> Number:
    """The slow ones are behind it: those that took at least as long."""
    slow, was = reading.milliseconds(sums, 0.95), reading.milliseconds(before, 0.95)
    number = Number(
        _("95 in 100 within"),
        _ms(slow),
        _ms(was),
        link="" if slow is None else asked.answers_behind(took_ms=slow),
        before_link="" if was is None else asked.earlier.answers_behind(took_ms=was),
    )
    return _compared(number, slow, was, more_is_good=False)


def _lacking(sums: Sums, before: Sums) -> Number:
    rate, earlier = reading.unavailable(sums), reading.unavailable(before)
    number = Number(
        _("With something unavailable"),
        scoring.told_percent(rate),
        scoring.told_percent(earlier),
        note=number_format(rate.part, force_grouping=True),
    )
    return _compared(number, rate.percent, earlier.percent, more_is_good=False)


def _ms(value: float | None) -> str:
    return NOTHING if value is None else f"{number_format(value, 0)} ms"
