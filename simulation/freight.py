"""What the freight of a line costs: by destination and line weight, both edges inclusive. Pure."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from typing import NamedTuple

from simulation.types import Band, Destination, Policy, Rate, Tariff

#: More are no postal code anywhere, and not worth turning into a number.
MOST_DIGITS = 18
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


class Lane(NamedTuple):
    """A policy, and where its bands hold the rates of a destination; lightest band first.

    `limits` are the weights the bands carry at most, without the last one's if it carries any.
    """

    policy: Policy
    bands: tuple[Band, ...]
    limits: tuple[int, ...]
    at: tuple[int, ...]

    def rate(self, weight_g: int) -> Rate | None:
        """Of the first band that carries the weight; None when it is too heavy for all."""
        step = bisect_left(self.limits, weight_g)
        if step == len(self.bands):
            return None
        band, at = self.bands[step], self.at[step]
        return Rate(band.max_weight_g, band.prices[at], band.estimates[at])

    @property
    def lightest(self) -> Rate:
        band, at = self.bands[0], self.at[0]
        return Rate(band.max_weight_g, band.prices[at], band.estimates[at])

    def narrowed(self) -> tuple[Band, ...]:
        """The bands, each cut down to the one range that matched."""
        return tuple(map(_part, self.bands, self.at))

    @property
    def heaviest_g(self) -> int | None:
        """The weight it carries at most; None: any."""
        return self.bands[-1].max_weight_g


def lane(policy: Policy, where: Destination) -> Lane | None:
    """The policy's rates at a destination; None when it does not go there.

    Only codes of the same length compare; one with letters is nowhere.
    """
    bands = policy.bands.get(where.country, {}).get(len(where.postal_code), ())
    number = number_of(where) if bands else None
    return None if number is None else lane_at(policy, bands, number)


def lane_at(policy: Policy, bands: tuple[Band, ...], number: int) -> Lane | None:
    """The same for one of the policy's tables, and a postal code as a number."""
    found = []
    starts = ends = None
    at = None
    for band in bands:
        # In most tables all bands have the same ranges, and share them.
        if band.starts is not starts or band.ends is not ends:
            starts, ends = band.starts, band.ends
            at = _at(band, number)
        if at is not None:
            found.append((band, at))
    if not found:
        return None
    served = bands if len(found) == len(bands) else tuple(band for band, _at in found)
    limits = tuple(band.max_weight_g for band in served if band.max_weight_g is not None)
    return Lane(policy, served, limits, tuple(at for _band, at in found))


def number_of(where: Destination) -> int | None:
    """The postal code as ranges compare it."""
    code = where.postal_code
    return int(code) if code.isascii() and code.isdigit() and len(code) <= MOST_DIGITS else None


def _at(band: Band, number: int) -> int | None:
    at = bisect_right(band.starts, number) - 1
    return None if at < 0 or band.ends[at] < number else at


def _part(band: Band, at: int) -> Band:
    return Band(
        band.max_weight_g,
        [band.starts[at]],
        [band.ends[at]],
        [band.prices[at]],
        [band.estimates[at]],
    )


def find_rate(tariff: Tariff, *, policy_ref: str, where: Destination, weight_g: int) -> Rate | None:
    """The rate of one line (unit weight × quantity) by one policy, or None: it can't be sent so."""
    for policy in tariff.policies:
        if policy.ref == policy_ref:
            found = lane(policy, where)
            return found.rate(weight_g) if found else None
    return None
