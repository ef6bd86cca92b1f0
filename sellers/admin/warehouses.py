"""Where things ship from, and the days nobody works there."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from sellers.admin.base import AccountIsFixed, RaisesTariffRevision
from sellers.admin.filters import AccountFilter
from sellers.models import Closure, Warehouse


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


class ClosureForm(forms.ModelForm[Closure]):
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        warehouse = cleaned.get("warehouse")
        account = cleaned.get("account") or getattr(self.instance, "account", None)
        if warehouse and account and warehouse.account_id != account.pk:
            self.add_error("warehouse", _("This warehouse is of another account."))
        return cleaned


@admin.register(Closure)
class ClosureAdmin(AccountIsFixed, RaisesTariffRevision):
    form = ClosureForm
    list_display = ("closed_on", "note", "warehouse", "account")
    list_filter = (AccountFilter,)
    list_select_related = ("account", "warehouse")
    ordering = ("-closed_on", "id")
    autocomplete_fields = ("account", "warehouse")
    fields = ("account", "warehouse", ("closed_on", "note"))
