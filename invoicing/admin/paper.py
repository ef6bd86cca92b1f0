"""Sizes and margins of papers, and the record of what was printed."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from invoicing.models import PaperSettings, Print
from sellers.admin.base import NOTHING, AccountIsFixed, PortalAdmin, ReadOnly, local


@admin.register(PaperSettings)
class PaperSettingsAdmin(AccountIsFixed):
    list_display = ("account", "label_width_mm", "label_height_mm", "slip_size", "dots_per_mm")
    list_select_related = ("account",)
    fieldsets = (
        (None, {"fields": ("account", "sender")}),
        (
            _("Package labels"),
            {
                "fields": (
                    ("label_width_mm", "label_height_mm"),
                    ("label_margin_mm", "dots_per_mm"),
                )
            },
        ),
        (_("Pages"), {"fields": (("slip_size", "page_margin_mm"),)}),
        (_("Packing table"), {"fields": ("on_closing",)}),
    )


@admin.register(Print)
class PrintAdmin(ReadOnly, PortalAdmin):
    list_display = ("kind", "of", "copy", "form", "actor", "printed")
    list_filter = ("kind",)
    list_select_related = ("package__order__account", "actor")
    search_fields = ("package__order__marketplace_order_id", "package__order__seller_order_id")
    search_help_text = _("The beginning of an order id.")
    actions = None
    fields = ("kind", "of", "copy", "form", "actor", "printed")
    readonly_fields = ("of", "printed")

    @display(description=_("of"))
    def of(self, row: Print) -> str:
        if row.package is None:
            return row.subject
        return f"{row.package.order.marketplace_order_id} / {row.package.number}"

    @display(description=_("at"), ordering="id")
    def printed(self, row: Print) -> str:
        return local(row.at, row.package.order.account.zone) if row.package else NOTHING

    def get_queryset(self, request: HttpRequest) -> QuerySet[Print]:
        rows: QuerySet[Print] = super().get_queryset(request)
        return rows.select_related("package__order__account", "actor")
