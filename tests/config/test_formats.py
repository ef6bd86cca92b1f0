"""Dates say which number is the day, in each language and on every screen."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django import forms
from django.contrib.admin.utils import display_for_value
from django.utils import translation
from django.utils.formats import date_format, time_format

FIFTH = datetime(2026, 11, 5, 14, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "day", "moment"),
    [
        ("en", "5 Nov 2026", "5 Nov 2026, 14:05"),
        ("pt-br", "05/11/2026", "05/11/2026 14:05"),
    ],
)
def test_a_short_date_has_the_day_before_the_month(language: str, day: str, moment: str) -> None:
    with translation.override(language):
        assert date_format(FIFTH, "SHORT_DATE_FORMAT") == day
        assert date_format(FIFTH, "SHORT_DATETIME_FORMAT") == moment
        assert time_format(FIFTH.time()) == "14:05"


def test_the_admins_own_lists_say_it_likewise() -> None:
    with translation.override("en"):
        assert display_for_value(FIFTH, "–") == "5 Nov 2026, 14:05"
        assert display_for_value(FIFTH.date(), "–") == "5 Nov 2026"


def test_a_typed_day_is_read_as_it_is_shown_and_never_guessed() -> None:
    field = forms.DateField()
    with translation.override("en"):
        assert field.clean("5 Nov 2026") == field.clean("2026-11-05") == date(2026, 11, 5)
        with pytest.raises(forms.ValidationError):
            field.clean("11/05/2026")
