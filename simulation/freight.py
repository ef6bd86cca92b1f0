"""What the freight of a line costs: by destination and line weight, both edges inclusive. Pure."""

from __future__ import annotations

import re
from bisect import bisect_right

from simulation.types import Band, Destination, Policy, Rate, Tariff

_PUNCTUATION = re.compile(r"[^0-9A-Za-z]+")


def destination(
    *, country: str | None, postal_code: str | None, home_country: str
) -> Destination | None:
    """Where the request asks to deliver to, or None when it names no postal code.

    A missing country is the seller's own. Punctuation in the postal code does not count.
    """
    code = _PUNCTUATION.sub("", postal_code or "").upper()
    if not code:
        return None
    return Destination((country or home_country).strip().upper(), code)


def ladder(policy: Policy, where: Destination) -> tuple[Rate, ...]:
    """The policy's rates at a destination, lightest band first; empty when it does not go there.

    Only codes of the same length compare; one with letters is nowhere.
    """
    code = where.postal_code
    bands = policy.bands.get(where.country, {}).get(len(code), ())
    if not bands or not (code.isascii() and code.isdigit()):
        return ()
    key = int(code)
    return tuple(rate for band in bands if (rate := _cell(band, key)))


def narrowed(policy: Policy, where: Destination) -> tuple[Band, ...]:
    """The bands `ladder` found its rates in, each cut down to the one range that matched."""
    code = where.postal_code
    if not ladder(policy, where):
        return ()
    bands = policy.bands[where.country][len(code)]
    return tuple(part for band in bands if (part := _part(band, int(code))))


def _part(band: Band, key: int) -> Band | None:
    rate = _cell(band, key)
    if rate is None:
        return None
    at = bisect_right(band.starts, key) - 1
    span = ([band.starts[at]], [band.ends[at]])
    return Band(band.max_weight_g, *span, [rate.price], [rate.estimate])


def _cell(band: Band, key: int) -> Rate | None:
    at = bisect_right(band.starts, key) - 1
    if at < 0 or band.ends[at] < key:
        return None
    return Rate(band.max_weight_g, band.prices[at], band.estimates[at])


def rung(rates: tuple[Rate, ...], weight_g: int) -> Rate | None:
    """The first band that carries the weight, or None when the line is too heavy for all."""
    for rate in rates:
        if rate.max_weight_g is None or weight_g <= rate.max_weight_g:
            return rate
    return None


def find_rate(tariff: Tariff, *, policy_ref: str, where: Destination, weight_g: int) -> Rate | None:
    """The rate of one line (unit weight × quantity) by one policy, or None: it can't be sent so."""
    for policy in tariff.policies:
        if policy.ref == policy_ref:
            return rung(ladder(policy, where), weight_g)
    return None
