from __future__ import annotations

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from invoicing.models import Invoice, InvoiceLine, InvoiceSeries
from sellers.admin.base import (
    NOTHING,
    AccountIsFixed,
    PortalAdmin,
    PortalInline,
    ReadOnly,
    local,
    may_see_money,
    money,
)
from sellers.models import OutboxMessage

_FATES = {
    OutboxMessage.Status.PENDING: "info",
    OutboxMessage.Status.DELIVERED: "success",
    OutboxMessage.Status.REJECTED: "danger",
    OutboxMessage.Status.EXHAUSTED: "danger",
    OutboxMessage.Status.UNAUTHORISED: "danger",
    OutboxMessage.Status.SUPERSEDED: "warning",
}
_MONEY = "shown_value"


def _allowed(names: tuple[str, ...], request: HttpRequest) -> list[str]:
    return [name for name in names if name != _MONEY or may_see_money(request)]


class InvoiceLineInline(ReadOnly, PortalInline):
    model = InvoiceLine
    fields = ("line", "quantity", "shown_value")
    readonly_fields = ("shown_value",)

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
    readonly_fields = ("shown_package", "shown_value", "shown_fate")
    fields = (
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
    def shown_fate(self, invoice: Invoice) -> tuple[str, str]:
        if invoice.message is None:
            return "", NOTHING
        return invoice.message.status, invoice.message.get_status_display()

    def get_list_display(self, request: HttpRequest) -> list[str]:
        return _allowed(self.list_display, request)

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return _allowed(self.fields, request)


@admin.register(InvoiceSeries)
class InvoiceSeriesAdmin(AccountIsFixed):
    """Where the next number is set, when the seller's own numbering moved on elsewhere."""

    list_display = ("account", "prefix", "next_number")
    list_select_related = ("account",)
    fields = ("account", "prefix", "next_number")

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
