"""The total somebody says an invoice has, against what it is worth here.

The portal works the value out itself. Where the invoice was issued elsewhere, its total is compared
before anything is queued, and one that is a hundred times too large or too small is asked about:
cents were taken for whole units of the currency, or the other way round.
"""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

from sellers.errors import DomainError
from sellers.money import Cents, format_cents

#: Whole units, perhaps in groups of three, and two decimals after either mark.
_TYPED = re.compile(r"(\d{1,3}(?:[.,\s]\d{3})*|\d+)(?:[.,](\d{2}))?")


def typed(text: str) -> Cents | None:
    """Cents of an amount as people write it (“1.234,56”, “19.90”, “20”); None for nothing.

    Raises DomainError `bad-value` for what is no amount above zero.
    """
    text = text.strip()
    if not text:
        return None
    found = _TYPED.fullmatch(text)
    cents = int(re.sub(r"\D", "", found[1])) * 100 + int(found[2] or 0) if found else 0
    if cents < 1:
        raise DomainError(
            "bad-value", _("“%(text)s” is not an amount above zero.") % {"text": text}
        )
    return cents


def require_equal(said: object, ours: Cents, *, currency: str, shows_money: bool) -> None:
    """`said` are cents, None when nothing was said. Amounts are told only with `shows_money`.

    Raises DomainError `bad-value` unless they are whole cents above zero, and `value-differs`, with
    the question whether units were mixed up where it looks like that.
    """
    if said is None:
        return
    if not isinstance(said, int) or isinstance(said, bool) or said < 1:
        raise DomainError("bad-value", _("The invoice's value must be whole cents, above zero."))
    if said == ours:
        return
    words = difference(said, ours, currency=currency, shows_money=shows_money)
    intro = _("The invoice does not match the package:")
    raise DomainError("value-differs", f"{intro} {words}")


def difference(said: Cents, ours: Cents, *, currency: str, shows_money: bool) -> str:
    """In words, what is wrong with a total of `said` where it should be `ours`."""
    words = _("Its total differs.")
    if shows_money:
        facts = {"theirs": format_cents(said, currency), "ours": format_cents(ours, currency)}
        words = _("Its total is %(theirs)s, the package is worth %(ours)s.") % facts
    if not mixes_up_units(said, ours):
        return words
    question = _("One is a hundred times the other: were cents taken for whole units?")
    return f"{words} {question}"


def mixes_up_units(said: Cents, ours: Cents) -> bool:
    """Whether one is the other in hundredths, decimals cut off or rounded."""
    small, large = sorted((said, ours))
    return small > 0 and small in {large // 100, (large + 50) // 100, -(-large // 100)} - {0}
