"""Days nobody works, and the orders that are booked on a day or a window."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from sellers.admin.base import AccountIsFixed, PortalAdmin, RaisesTariffRevision, ReadOnly, local
from sellers.admin.filters import AccountFilter
from sellers.models import CapacityUse, Closure


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


@admin.register(CapacityUse)
class CapacityUseAdmin(ReadOnly, PortalAdmin):
    """Orders counted against a limit; placements write, and nobody else."""

    list_display = ("day", "policy", "window", "orders", "account")
    list_filter = (AccountFilter,)
    list_select_related = ("account", "policy")
    search_fields = ("policy__ref",)
    search_help_text = _("SLA id")
    ordering = ("-day", "policy", "starts_at", "id")
    fields = (("account", "policy"), ("day", "window"), "orders")
    readonly_fields = ("window",)

    @display(description=_("window"))
    def window(self, use: CapacityUse) -> str:
        if use.starts_at is None:
            return str(_("whole day"))
        zone = use.account.zone
        times = (local(use.starts_at, zone), local(use.ends_at, zone))
        return format_html('<span class="portal-nowrap">{} – {}</span>', *times)
