"""Days that a form may ask for: those around the ends of the calendar have no midnights."""

from __future__ import annotations

from datetime import date

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

FIRST_YEAR, LAST_YEAR = 2000, 2100


def is_of_our_time(day: date) -> bool:
    """Whether a shop can have done anything on this day, or moment."""
    return FIRST_YEAR <= day.year <= LAST_YEAR


def require_our_time(day: date) -> None:
    """A form field's validator. Raises ValidationError."""
    if not is_of_our_time(day):
        raise ValidationError(out_of_time())


def out_of_time() -> str:
    """What is said of another day."""
    return _("Choose a day between 2000 and 2100.")
