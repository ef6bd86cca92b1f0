"""The place that an address goes on from, as text: the value rows are sorted by, and a key."""

from __future__ import annotations

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from reporting.asking import Asking
from reporting.declarations import NotUnderstood
from reporting.statements import Place


def written(place: Place) -> str:
    return f"{place.value or ''},{place.key}"


def read(text: str, asking: Asking) -> Place:
    """Raises NotUnderstood for what no list of ours wrote."""
    value, _comma, key = text.rpartition(",")
    if not (key.isascii() and key.isdigit() and len(key) < 19 and _fits(value, asking)):
        raise NotUnderstood(_("This link leads to no place in the list. Begin at its first page."))
    return Place(value or None, int(key))


def _fits(value: str, asking: Asking) -> bool:
    sort = asking.sort
    if sort is None:
        return not value
    if sort.type == "timestamptz":
        return _is_moment(value)
    return value.removeprefix("-").isdigit() and value.isascii() and len(value) < 19


def _is_moment(value: str) -> bool:
    try:
        moment = parse_datetime(value)
    except ValueError:
        return False
    return moment is not None and moment.tzinfo is not None
