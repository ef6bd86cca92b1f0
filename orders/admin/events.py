"""What the marketplace's hook and feed told us, as it came."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from orders.models import OrderEvent
from sellers.admin.base import PortalAdmin, ReadOnly, local
from sellers.admin.filters import AccountFilter


class ProcessedFilter(SimpleListFilter):
    title = _("processed")
    parameter_name = "processed"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("no", _("not yet")), ("yes", _("processed"))]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[OrderEvent]
    ) -> QuerySet[OrderEvent]:
        if self.value() in ("yes", "no"):
            return queryset.filter(processed_at__isnull=self.value() == "no")
        return queryset


@admin.register(OrderEvent)
class OrderEventAdmin(ReadOnly, PortalAdmin):
    list_display = (
        "marketplace_order_id",
        "state",
        "source",
        "account",
        "received",
        "processed",
        "outcome",
    )
    list_filter = (ProcessedFilter, AccountFilter)
    list_select_related = ("account",)
    search_fields = ("marketplace_order_id",)
    search_help_text = _("Marketplace order id")
    fieldsets = (
        (None, {"fields": (("marketplace_order_id", "state"), ("account", "source"))}),
        (_("What became of it"), {"fields": (("received", "processed"), "outcome")}),
        (_("As it came"), {"fields": ("last_change", "document")}),
    )
    readonly_fields = ("received", "processed")

    @display(description=_("received"))
    def received(self, event: OrderEvent) -> str:
        return local(event.received_at, event.account.zone)

    @display(description=_("processed"))
    def processed(self, event: OrderEvent) -> str:
        return local(event.processed_at, event.account.zone)
