"""SKUs and their prices. Prices are for those who may see money."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from sellers.admin.base import (
    AccountIsFixed,
    PortalInline,
    ReadOnly,
    may_see_money,
    money,
)
from sellers.admin.filters import AccountFilter
from sellers.admin.stock import ShelfColumns, with_free
from sellers.models import CaseBarcode, SalesChannelPrice, Sku, StockLevel

PRICES = {
    "price_cents",
    "list_price_cents",
    "price_valid_until",
    "price",
    "list_price",
    "valid_until",
    "offerings",
}


class SalesChannelPriceInline(PortalInline):
    model = SalesChannelPrice
    fields = ("sales_channel", "price_cents", "list_price_cents")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_see_money(request) and bool(super().has_view_permission(request, obj))


class CaseBarcodeInline(PortalInline):
    """What stands on a case: scanned at the packing table, it counts its units."""

    model = CaseBarcode
    fields = ("barcode", "units")


class StockInline(ShelfColumns, ReadOnly, PortalInline):
    """What lies where, with the way to its history."""

    model = StockLevel
    fields = ("warehouse", "on_hand", "held", "safety", "available", "ledger")
    readonly_fields = fields
    verbose_name_plural = _("stock")
    can_delete = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[StockLevel]:
        levels: QuerySet[StockLevel] = super().get_queryset(request)
        levels = with_free(levels.select_related("warehouse"))
        return levels.order_by("warehouse__priority", "id")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        sees_ledger = request.user.has_perm("sellers.view_stockmovement")
        return [name for name in self.fields if name != "ledger" or sees_ledger]


@admin.register(Sku)
class SkuAdmin(AccountIsFixed):
    inlines = (SalesChannelPriceInline, CaseBarcodeInline, StockInline)
    list_filter = (AccountFilter, "is_active")
    list_select_related = ("account",)
    search_fields = ("ref", "ref_code", "ean", "name")
    search_help_text = _("SKU id, reference code, EAN or the beginning of the name")
    ordering = ("account_id", "ref")  # as the unique index has it
    autocomplete_fields = ("account",)
    fieldsets = (
        (None, {"fields": ("account", ("ref", "name"), ("ref_code", "ean"), "is_active")}),
        (
            _("Price"),
            {"fields": (("price_cents", "list_price_cents"), "price_valid_until", "offerings")},
        ),
        (
            _("Packing"),
            {
                "fields": (
                    ("weight_g", "length_cm"),
                    ("height_cm", "width_cm"),
                    ("measurement_unit", "unit_multiplier"),
                    "bin_location",
                )
            },
        ),
    )

    def get_list_display(self, request: HttpRequest) -> list[str]:
        columns = ["ref", "name", "ean", "price", "list_price", "bin_location", "is_active"]
        return [name for name in columns if name not in PRICES or may_see_money(request)]

    def get_fieldsets(self, request: HttpRequest, obj: Sku | None = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        return fieldsets if may_see_money(request) else [fieldsets[0], fieldsets[2]]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        # The id is what the marketplace knows it by: another id would be another SKU.
        return [*super().get_readonly_fields(request, obj), *(["ref"] if obj else [])]

    def has_delete_permission(self, request: HttpRequest, obj: Sku | None = None) -> bool:
        """A SKU with stock or orders is retired (not active); the database keeps the rest safe."""
        allowed = bool(super().has_delete_permission(request, obj))
        return allowed and (obj is None or not obj.levels.exists())

    @display(description=_("price"), ordering="price_cents")
    def price(self, sku: Sku) -> str:
        return money(sku.price_cents, sku.account.currency)

    @display(description=_("list price"), ordering="list_price_cents")
    def list_price(self, sku: Sku) -> str:
        return money(sku.list_price_cents, sku.account.currency)
