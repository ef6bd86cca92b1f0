from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display

from invoicing.admin.reading import ReadingAdmin, ReadingInline
from invoicing.models import Invoice, InvoiceLine, InvoiceSeries
from sellers.models import OutboxMessage
from sellers.money import format_cents

_FATES = {
    OutboxMessage.Status.PENDING: "info",
    OutboxMessage.Status.DELIVERED: "success",
    OutboxMessage.Status.REJECTED: "danger",
    OutboxMessage.Status.EXHAUSTED: "danger",
    OutboxMessage.Status.UNAUTHORISED: "danger",
    OutboxMessage.Status.SUPERSEDED: "warning",
}


def _sees_money(request: HttpRequest) -> bool:
    return bool(request.user.has_perm("orders.view_money"))


class InvoiceLineInline(ReadingInline):
    model = InvoiceLine
    fields = ["line", "quantity", "shown_value"]
    readonly_fields = ["shown_value"]

    @display(description=_("value"))
    def shown_value(self, row: InvoiceLine) -> str:
        return format_cents(row.value_cents, row.invoice.account.currency)

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return [field for field in self.fields if field != "shown_value" or _sees_money(request)]

    def get_queryset(self, request: HttpRequest) -> QuerySet[InvoiceLine]:
        rows: QuerySet[InvoiceLine] = super().get_queryset(request)
        return rows.select_related("line", "invoice__account")


@admin.register(Invoice)
class InvoiceAdmin(ReadingAdmin):
    list_display = [
        "number",
        "kind",
        "order",
        "shown_package",
        "shown_value",
        "issued_at",
        "shown_fate",
    ]
    list_select_related = ["order", "package", "account", "message"]
    list_filter = ["kind", "message__status"]
    ordering = ["-id"]
    search_fields = [
        "number__startswith",
        "key__startswith",
        "order__marketplace_order_id__startswith",
        "order__seller_order_id__startswith",
    ]
    search_help_text = _("The beginning of an invoice number, access key or order id.")
    inlines = [InvoiceLineInline]
    readonly_fields = ["shown_package", "shown_value", "shown_fate"]
    fields = [
        "account",
        "order",
        "shown_package",
        "kind",
        "number",
        "key",
        "url",
        "shown_value",
        "issued_at",
        "shown_fate",
        "voided_at",
    ]

    @display(description=_("package"), ordering="package__number")
    def shown_package(self, invoice: Invoice) -> str:
        return str(invoice.package.number) if invoice.package else "–"

    @display(description=_("value"), ordering="value_cents")
    def shown_value(self, invoice: Invoice) -> str:
        return format_cents(invoice.value_cents, invoice.account.currency)

    @display(description=_("at the marketplace"), label=_FATES)
    def shown_fate(self, invoice: Invoice) -> tuple[str, str]:
        if invoice.message is None:
            return "", "–"
        return invoice.message.status, invoice.message.get_status_display()

    def get_list_display(self, request: HttpRequest) -> list[str]:
        return [name for name in self.list_display if _visible(name, request)]

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return [name for name in self.fields if _visible(name, request)]


def _visible(name: str, request: HttpRequest) -> bool:
    return name != "shown_value" or _sees_money(request)


@admin.register(InvoiceSeries)
class InvoiceSeriesAdmin(ModelAdmin):
    """Where the next number is set, when the seller's own numbering moved on elsewhere."""

    list_display = ["account", "prefix", "next_number"]
    list_select_related = ["account"]
    fields = ["account", "prefix", "next_number"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["account"] if obj else []

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
