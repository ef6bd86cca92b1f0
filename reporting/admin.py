"""What reports keep that people set."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from reporting.models import Scorecard
from reporting.schedule_admin import ReportScheduleAdmin as ReportScheduleAdmin
from sellers.admin.base import AccountIsFixed


@admin.register(Scorecard)
class ScorecardAdmin(AccountIsFixed):
    list_display = (
        "account",
        "most_late",
        "most_cancelled",
        "least_tracked",
        "most_returned",
    )
    list_display_links = ("account",)
    list_select_related = ("account",)
    autocomplete_fields = ("account",)
    fieldsets = (
        (None, {"fields": ("account",)}),
        (
            _("What the marketplace demands"),
            {
                "description": _(
                    "Look them up in your contract. The dashboard warns before they are reached."
                ),
                "fields": (
                    ("most_late", "most_cancelled"),
                    ("least_tracked", "most_returned"),
                ),
            },
        ),
    )
