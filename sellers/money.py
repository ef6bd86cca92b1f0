"""Money is integer cents, everywhere. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

Cents = int


def split(total: Cents, weights: Sequence[int]) -> list[Cents]:
    """Share `total` cents out in proportion to `weights`, by largest remainder.

    The parts always add up to `total`; equal remainders favour the earlier part. All-zero weights
    put everything on the last part. Raises ValueError without weights or with a negative one.
    """
    if not weights or min(weights) < 0:
        raise ValueError("split needs at least one weight, none of them negative")
    whole = sum(weights)
    if whole == 0:
        return [0] * (len(weights) - 1) + [total]
    parts = [total * weight // whole for weight in weights]
    remainders = [total * weight % whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda i: (-remainders[i], i))
    for i in order[: total - sum(parts)]:
        parts[i] += 1
    return parts


def line_total(*, price_cents: Cents, quantity: int, unit_multiplier: Decimal) -> Cents:
    """What a line costs: round(price × multiplier × quantity), halves up.

    VTEX prices weighted goods per multiplier unit (199 × 0.3 × 3 is 179); a multiplier of zero
    counts as one.
    """
    if unit_multiplier == 1:
        return price_cents * quantity
    exact = Decimal(price_cents) * (unit_multiplier or Decimal(1)) * quantity
    return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def format_cents(cents: Cents, currency: str = "BRL") -> str:
    """Cents for people to read: `R$ 1.234,56`, or `USD 1,234.56` for other currencies."""
    sign = "-" if cents < 0 else ""
    units, rest = divmod(abs(cents), 100)
    if currency == "BRL":
        return f"{sign}R$ {units:,}".replace(",", ".") + f",{rest:02d}"
    return f"{sign}{currency} {units:,}.{rest:02d}"
