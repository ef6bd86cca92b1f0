"""Weights in words, and whether what was weighed can be what is inside."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from invoicing.models import PackageItem

#: A box and its filling are allowed for; more than this beside what is expected asks for a look.
_TOLERANCE_G = 500
_TOLERANCE_PERCENT = 20


def told(grams: int) -> str:
    """Grams below a kilogram, kilograms above, as the reader's language writes numbers."""
    if grams < 1000:
        return _("%(grams)d g") % {"grams": grams}
    return _("%(kilos)s kg") % {"kilos": number_format(grams / 1000, decimal_pos=2)}


def expected_g(items: Iterable[PackageItem]) -> int | None:
    """What the items weigh by the catalogue; None when it does not know one of them."""
    rows = list(items)
    if not rows or not all(item.line.sku.weight_g for item in rows):
        return None
    return sum(item.line.sku.weight_g * item.quantity for item in rows)


def is_odd(weighed_g: int | None, expected: int | None) -> bool:
    """The scale says something else than the catalogue: a warning, never a refusal."""
    if weighed_g is None or expected is None:
        return False
    slack = max(_TOLERANCE_G, expected * _TOLERANCE_PERCENT // 100)
    return not expected - expected * _TOLERANCE_PERCENT // 100 <= weighed_g <= expected + slack
