"""Where things ship from."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from sellers.admin.base import AccountIsFixed, RaisesTariffRevision
from sellers.admin.filters import AccountFilter
from sellers.models import Warehouse


@admin.register(Warehouse)
class WarehouseAdmin(AccountIsFixed, RaisesTariffRevision):
    list_display = ("code", "name", "account", "priority", "cutoff", "handling_days", "is_active")
    list_filter = (AccountFilter, "is_active")
    list_select_related = ("account",)
    search_fields = ("code", "name")
    search_help_text = _("Code or name")
    autocomplete_fields = ("account",)
    fieldsets = (
        (None, {"fields": ("account", ("code", "name"), ("priority", "is_active"))}),
        (_("Dispatch"), {"fields": (("cutoff", "handling_days"),)}),
        (_("Place"), {"fields": (("postal_code", "state", "country"),)}),
    )
