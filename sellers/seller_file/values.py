"""What a single value of the seller file must be.

A reader takes a JSON value and returns what the database stores, or raises Invalid with the end of
a sentence: “must be whole cents, got 12.5”.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from django.utils.translation import gettext as _

from sellers.models.shipping import ESTIMATE
from sellers.seller_file.problems import nearest, shown

Reader = Callable[[Any], Any]

#: Ten billion of anything: line totals still fit a 64-bit column with room to spare.
MOST_CENTS = 10**12
#: What a 32-bit column takes.
MOST_UNITS = 2**31 - 1
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Invalid(ValueError):
    """Raised by readers; its text completes “<path>: …”."""


def wrong(message: str, value: Any) -> Invalid:
    return Invalid(_("%(must)s, got %(value)s") % {"must": message, "value": shown(value)})


def text(most: int, *, blank: bool = False) -> Reader:
    """Any text up to `most` characters, without the one character PostgreSQL cannot store."""

    def read(value: Any) -> str:
        if not isinstance(value, str):
            raise wrong(_("must be a text"), value)
        if "\0" in value:
            raise Invalid(_("must not contain the character U+0000"))
        if not blank and not value.strip():
            raise Invalid(_("must not be empty"))
        if len(value) > most:
            raise Invalid(
                _("must have at most %(most)d characters, has %(count)d")
                % {"most": most, "count": len(value)}
            )
        return value

    return read


def ident(most: int) -> Reader:
    """An id: an exact text, so that a stray space at its ends is a mistake."""
    plain = text(most)

    def read(value: Any) -> str:
        ref: str = plain(value)
        if ref != ref.strip():
            raise wrong(_("must not begin or end with a space"), value)
        return ref

    return read


def pattern(regex: str, must: Callable[[], str], *, blank: bool = False) -> Reader:
    """Text of a given form; `must` says it in words, translated when asked."""
    matches = re.compile(regex, re.ASCII).fullmatch

    def read(value: Any) -> str:
        if isinstance(value, str) and (matches(value) or (blank and value == "")):
            return value
        raise wrong(must(), value)

    return read


def whole(least: int, most: int) -> Reader:
    def read(value: Any) -> int:
        # bool is an int to Python, not to whoever wrote the file.
        if type(value) is int and least <= value <= most:
            return value
        raise wrong(
            _("must be a whole number from %(least)d to %(most)d") % {"least": least, "most": most},
            value,
        )

    return read


def cents(*, free: bool = True) -> Reader:
    """Money. `free` allows zero."""
    least = 0 if free else 1

    def read(value: Any) -> int:
        if type(value) is not int:
            raise wrong(_("must be whole cents"), value)
        if not least <= value <= MOST_CENTS:
            raise wrong(
                _("must be from %(least)d to %(most)d cents")
                % {"least": least, "most": MOST_CENTS},
                value,
            )
        return value

    return read


def decimal(places: int, most: int, *, positive: bool = False) -> Reader:
    """A number with at most `places` decimals."""

    def read(value: Any) -> Decimal:
        if type(value) not in (int, float, Decimal):
            raise wrong(_("must be a number"), value)
        number = Decimal(str(value))
        if not number.is_finite() or not 0 <= number <= most or (positive and not number):
            raise wrong(
                (
                    _("must be above 0 and at most %(most)d")
                    if positive
                    else _("must be from 0 to %(most)d")
                )
                % {"most": most},
                value,
            )
        if number != round(number, places):
            raise wrong(_("must have at most %(places)d decimals") % {"places": places}, value)
        return number

    return read


def flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise wrong(_("must be true or false"), value)


def moment(value: Any) -> datetime:
    """A point in time with its zone, kept in UTC."""
    must = _("must be an ISO date and time with its zone, such as 2031-12-24T18:00:00Z")
    if not isinstance(value, str) or "T" not in value:
        raise wrong(must, value)
    try:
        parsed = datetime.fromisoformat(value)
        if parsed.tzinfo is None:
            raise wrong(must, value)
        return parsed.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise wrong(must, value) from error


def clock(value: Any) -> time:
    """A local time of day, `HH:MM`."""
    if isinstance(value, str) and re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", value):
        return time.fromisoformat(value)
    raise wrong(_("must be a local time HH:MM, such as 14:00"), value)


def one_of(*choices: str) -> Reader:
    def read(value: Any) -> str:
        if isinstance(value, str) and value in choices:
            return value
        raise wrong(_("must be one of %(choices)s") % {"choices": ", ".join(choices)}, value)

    return read


def zone(value: Any) -> str:
    known = available_timezones()
    if isinstance(value, str) and value in known:
        return value
    hint = nearest(value, known) if isinstance(value, str) else ""
    raise Invalid(f"{wrong(_('must be a time zone such as America/Sao_Paulo'), value)}.{hint}")


def base_url(value: Any) -> str:
    """The OMS's base. Keys travel over it, so plain HTTP is for this machine alone."""
    if isinstance(value, str) and len(value) <= 300 and _is_base(value):
        return value.rstrip("/")
    raise wrong(_("must be an https address such as https://bigstore.example.com"), value)


def _is_base(value: str) -> bool:
    try:
        parts = urlsplit(value)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or parts.query or parts.fragment or parts.username or re.search(r"\s|\0", value):
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK)


def coordinates(value: Any) -> tuple[float, float]:
    """`[longitude, latitude]`, in this order."""
    pair = value if isinstance(value, list) and len(value) == 2 else [None, None]
    if all(type(part) in (int, float) for part in pair):
        longitude, latitude = map(float, pair)
        if -180 <= longitude <= 180 and -90 <= latitude <= 90:
            return longitude, latitude
    raise wrong(_("must be [longitude, latitude] in degrees"), value)


def _three_letters() -> str:
    return _("must be a three-letter country code in capitals, such as BRA")


country = pattern(r"[A-Z]{3}", _three_letters)
currency = pattern(
    r"[A-Z]{3}", lambda: _("must be a three-letter currency code in capitals, such as BRL")
)
estimate = pattern(
    re.compile(ESTIMATE.regex).pattern.strip("^$"),
    lambda: _("must be 1 to 9999 and bd, d, h or m, such as 2bd"),
)
digits = pattern(r"[0-9]{1,12}", lambda: _("must be digits only, at most 12, in quotes"))
pickup_id = pattern(
    r"[A-Za-z0-9-]{1,60}", lambda: _("must be letters, digits and hyphens, at most 60")
)
slug = pattern(
    r"[-a-zA-Z0-9_]{1,50}",
    lambda: _("must be letters, digits, hyphens and underscores, at most 50"),
)
endpoint_key = pattern(r"[A-Za-z0-9]{16,64}", lambda: _("must be 16 to 64 letters and digits"))
header_name = pattern(
    r"[A-Za-z0-9-]{1,100}", lambda: _("must be a header name such as X-Hook-Secret"), blank=True
)
affiliate = pattern(r"[A-Za-z]{3}", lambda: _("must be three letters"), blank=True)
