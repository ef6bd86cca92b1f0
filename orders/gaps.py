"""When an order's rows do not add up to what the marketplace pays: by how much, and which row.

Pure. The marketplace sends the rows and the sum; nothing says which of them is wrong, but a row
whose amount is exactly the difference is worth a look first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from django.utils.translation import gettext as _

from orders.models import OrderLine
from sellers.money import Cents, format_cents


class Suspect(NamedTuple):
    """A row that alone would explain the difference; `name` is empty for all lines together."""

    name: str
    what: str
    cents: Cents


class Gap(NamedTuple):
    """What the marketplace pays less what the rows are worth; never zero."""

    cents: Cents
    suspects: tuple[Suspect, ...]


def gap_of(pays: Cents, lines: Iterable[OrderLine]) -> Gap | None:
    """None when the rows add up."""
    rows = list(lines)
    cents = pays - sum(line.total_cents for line in rows)
    return Gap(cents, tuple(_suspects(cents, rows))) if cents else None


def _suspects(gap: Cents, lines: Sequence[OrderLine]) -> Iterator[Suspect]:
    """A sum too small leaves an amount out; one too large leaves a discount out."""
    for line in lines:
        for what, cents in _amounts(line):
            if cents == -gap:
                yield Suspect(line.name, what, abs(cents))
    totals: dict[str, Cents] = {}
    for line in lines:
        for what, cents in _amounts(line):
            totals[what] = totals.get(what, 0) + cents
    if len(lines) > 1:
        yield from (Suspect("", what, abs(sum_)) for what, sum_ in totals.items() if sum_ == -gap)


def _amounts(line: OrderLine) -> list[tuple[str, Cents]]:
    """Each amount with the sign it has in the sum."""
    return [
        ("goods", line.items_cents),
        ("discount", -line.discount_cents),
        ("services", line.services_cents),
        ("freight", line.freight_cents),
    ]


def told(gap: Gap, *, currency: str) -> list[str]:
    """The difference, and the rows that would explain it, in words."""
    if gap.cents > 0:
        words = _("The rows do not add up: the marketplace pays %(gap)s more than they are worth.")
    else:
        words = _("The rows do not add up: the marketplace pays %(gap)s less than they are worth.")
    sum_ = words % {"gap": format_cents(abs(gap.cents), currency)}
    return [sum_, *(_told(suspect, currency) for suspect in gap.suspects)]


def _told(suspect: Suspect, currency: str) -> str:
    words = {
        "goods": _("the goods"),
        "discount": _("the discount"),
        "services": _("the services"),
        "freight": _("the freight"),
    }
    facts = {
        "what": words[suspect.what],
        "of": suspect.name or _("all lines"),
        "cents": format_cents(suspect.cents, currency),
    }
    return _("That is exactly %(what)s of %(of)s: %(cents)s.") % facts
