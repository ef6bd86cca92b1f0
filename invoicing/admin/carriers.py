from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from invoicing.models import Carrier
from sellers.admin.base import PortalAdmin


@admin.register(Carrier)
class CarrierAdmin(PortalAdmin):
    """Names offered where tracking is entered, with what can be checked and filled in by itself."""

    list_display = ("name", "url_template", "number_format", "has_check_digit", "is_active")
    search_fields = ("name",)
    search_help_text = _("The beginning of a carrier's name.")
    ordering = ("name",)
    fields = ("name", "is_active", "url_template", "number_format", "has_check_digit")
