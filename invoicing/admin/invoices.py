from __future__ import annotations

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from invoicing.models import Invoice, InvoiceLine, InvoiceSeries
from sellers.admin.base import (
    NOTHING,
    AccountIsFixed,
    Badge,
    PortalAdmin,
    PortalInline,
    ReadOnly,
    local,
    may_see_money,
    money,
)
from sellers.marketplace.advice import standing_of

_FATES = {"info": "info", "success": "success", "warning": "warning", "danger": "danger"}
_MONEY = "shown_value"


def _allowed(names: tuple[str, ...], request: HttpRequest) -> list[str]:
    return [name for name in names if name != _MONEY or may_see_money(request)]


class InvoiceLineInline(ReadOnly, PortalInline):
    model = InvoiceLine
    fields = ("shown_item", "quantity", "shown_value")
    readonly_fields = ("shown_item", "shown_value")

    @display(description=_("item"))
    def shown_item(self, row: InvoiceLine) -> str:
        return f"{row.line.name} ({row.line.ref})"

    @display(description=_("value"))
    def shown_value(self, row: InvoiceLine) -> str:
        return money(row.value_cents, row.invoice.account.currency)

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return _allowed(self.fields, request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[InvoiceLine]:
        rows: QuerySet[InvoiceLine] = super().get_queryset(request)
        return rows.select_related("line", "invoice__account")


@admin.register(Invoice)
class InvoiceAdmin(ReadOnly, PortalAdmin):
    list_display = (
        "number",
        "kind",
        "order",
        "shown_package",
        "shown_value",
        "shown_issued",
        "shown_fate",
    )
    list_select_related = ("order", "package", "account", "message")
    list_filter = ("kind", "message__status")
    ordering = ("-id",)
    search_fields = (
        "number",
        "key",
        "order__marketplace_order_id",
        "order__seller_order_id",
    )
    search_help_text = _("The beginning of an invoice number, access key or order id.")
    inlines = (InvoiceLineInline,)
    readonly_fields = (
        "shown_package",
        "shown_value",
        "shown_issued",
        "shown_url",
        "shown_fate",
        "shown_voided",
    )
    fields = (
        "account",
        "order",
        "shown_package",
        "kind",
        "number",
        "key",
        "shown_url",
        "shown_value",
        "shown_issued",
        "shown_fate",
        "shown_voided",
    )

    @display(description=_("package"), ordering="package__number")
    def shown_package(self, invoice: Invoice) -> str:
        return str(invoice.package.number) if invoice.package else NOTHING

    @display(description=_("value"), ordering="value_cents")
    def shown_value(self, invoice: Invoice) -> str:
        return money(invoice.value_cents, invoice.account.currency)

    @display(description=_("issued"), ordering="issued_at")
    def shown_issued(self, invoice: Invoice) -> str:
        return local(invoice.issued_at, invoice.account.zone)

    @display(description=_("at the marketplace"), label=_FATES)
    def shown_fate(self, invoice: Invoice) -> Badge:
        if invoice.message is None:
            return Badge("", NOTHING)
        sign, words, colour = standing_of(invoice.message)
        return Badge(colour, f"{sign} {words}")

    @display(description=_("voided"))
    def shown_voided(self, invoice: Invoice) -> str:
        return local(invoice.voided_at, invoice.account.zone)

    @display(description=_("link to the document"))
    def shown_url(self, invoice: Invoice) -> str:
        if not invoice.url:
            return NOTHING
        return format_html('<a class="text-link" href="{}">{}</a>', invoice.url, invoice.url)

    def get_list_display(self, request: HttpRequest) -> list[str]:
        return _allowed(self.list_display, request)

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return _allowed(self.fields, request)


@admin.register(InvoiceSeries)
class InvoiceSeriesAdmin(AccountIsFixed):
    """Where the next number is set, when the seller's own numbering moved on elsewhere."""

    list_display = ("account", "prefix", "next_number", "closes_by_itself")
    list_select_related = ("account",)
    fields = ("account", "prefix", "next_number", "fiscal_series", "closes_by_itself")

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
