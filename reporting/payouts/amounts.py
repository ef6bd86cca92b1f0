"""Amounts as settlement files write them, in whole cents. Pure, and strict: nothing is rounded."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from sellers.errors import DomainError
from sellers.money import Cents


class Style(models.TextChoices):
    """How text writes an amount; a spreadsheet's own numbers need none. The codes are stored."""

    COMMA = "comma", "1.234,56"
    POINT = "point", "1,234.56"


#: Beyond this an amount is a slip.
_MOST = 10**13
_CURRENCY = re.compile(r"^([-+(]?)(?:R\$|US\$|\$|[A-Z]{3}(?=[-\d]))")
_AMOUNT = {
    Style.COMMA: re.compile(r"(?:\d{1,3}(?:\.\d{3})+|\d+)(?:,\d{1,2})?"),
    Style.POINT: re.compile(r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d{1,2})?"),
}
#: What a spreadsheet's binary number may be off by, in cents.
_NOISE = Decimal("0.0001")


def cents_of(cell: Any, style: str) -> Cents | None:
    """None for an empty cell. Raises DomainError `bad-amount` for what is none in this style, and
    for fractions of a cent."""
    if isinstance(cell, int | float | Decimal) and not isinstance(cell, bool):
        return _whole(Decimal(repr(cell)) if isinstance(cell, float) else Decimal(cell), cell)
    text = "" if cell is None else str(cell).strip()
    if not text:
        return None
    bare, is_negative = _bare(text)
    if not _AMOUNT[Style(style)].fullmatch(bare):
        raise _bad(text)
    thousands = "." if style == Style.COMMA else ","
    number = Decimal(bare.replace(thousands, "").replace(",", "."))
    return _whole(-number if is_negative else number, text)


def style_told(cells: Iterable[Any]) -> Style | None:
    """How these are written; None when nothing tells, or some tell one thing and some the other.

    `1.234` tells nothing: it may be a thousand or one and a bit.
    """
    told = {style for cell in cells if isinstance(cell, str) for style in _told_by(cell)}
    return told.pop() if len(told) == 1 else None


def is_in_question(cells: Iterable[Any]) -> bool:
    """Whether any of them means something else in the other style."""
    return any(isinstance(cell, str) and ("," in cell or "." in cell) for cell in cells)


def _told_by(text: str) -> list[Style]:
    bare, _is_negative = _bare(text.strip())
    fits = [style for style, amount in _AMOUNT.items() if amount.fullmatch(bare)]
    signs = [sign for sign in bare if sign in ",."]
    is_sure = len(signs) > 1 or (len(signs) == 1 and len(bare.rpartition(signs[0])[2]) < 3)
    return fits if is_sure and len(fits) == 1 else []


def _bare(text: str) -> tuple[str, bool]:
    """Without spaces, currency and sign; and whether it is below zero: `-1`, `1-` or `(1)`."""
    plain = re.sub(r"\s+", "", text.replace("\N{MINUS SIGN}", "-"))
    plain = _CURRENCY.sub(r"\1", plain)
    if plain.startswith("(") and plain.endswith(")"):
        return plain[1:-1], True
    if plain.startswith("-"):
        return plain[1:], True
    if plain.endswith("-"):
        return plain[:-1], True
    return plain.removeprefix("+"), False


def _whole(amount: Decimal, said: Any) -> Cents:
    if not amount.is_finite() or abs(amount) > _MOST:
        raise _bad(said)
    cents = round(amount * 100)
    if abs(amount * 100 - cents) > _NOISE:
        raise DomainError("bad-amount", _("“%s” has fractions of a cent.") % str(said)[:40])
    return cents


def _bad(said: Any) -> DomainError:
    return DomainError("bad-amount", _("“%s” is not an amount written like that.") % str(said)[:40])
