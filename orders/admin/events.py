"""What the marketplace's hook and feed told us, as it came."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm

from orders import listening
from orders.models import OrderEvent
from orders.status_names import told
from sellers.admin.base import NOTHING, Badge, PortalAdmin, ReadOnly, local
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


class LookFilter(SimpleListFilter):
    title = _("to look at")
    parameter_name = "look"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("to look at"))]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[OrderEvent]
    ) -> QuerySet[OrderEvent]:
        return queryset.filter(flagged_at__isnull=False) if self.value() else queryset


@admin.register(OrderEvent)
class OrderEventAdmin(ReadOnly, PortalAdmin):
    list_display = (
        "marketplace_order_id",
        "told_state",
        "source",
        "account",
        "received",
        "processed",
        "what_became",
    )
    list_filter = (LookFilter, ProcessedFilter, AccountFilter)
    list_select_related = ("account", "order")
    search_fields = ("marketplace_order_id",)
    search_help_text = _("Marketplace order id")
    fieldsets = (
        (None, {"fields": (("marketplace_order_id", "told_state"), ("account", "source"))}),
        (
            _("What became of it"),
            {"fields": (("received", "processed"), "what_became", "our_order")},
        ),
        (_("As it came"), {"fields": (("last_change", "current_change"), "document")}),
    )
    readonly_fields = ("told_state", "received", "processed", "what_became", "our_order")
    actions_detail = ("mark_seen",)

    def has_settle_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        if object_id is None or not request.user.has_perm("orders.change_order"):
            return False
        return OrderEvent.objects.filter(pk=object_id, flagged_at__isnull=False).exists()

    @action(
        description=_("I have looked at it"),
        url_path="seen",
        icon="visibility",
        permissions=["settle"],
        dialog={
            "title": _("Is the problem settled?"),
            "description": _("The event leaves the list of what needs attention."),
            "form_class": None,
            "form_submit_text": _("Settled"),
        },
    )
    def mark_seen(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        event = get_object_or_404(OrderEvent, pk=object_id)
        listening.seen(event)
        url = reverse("admin:orders_orderevent_change", args=[event.pk])
        return HttpResponse(headers={"HX-Redirect": url})

    @display(
        description=_("outcome"),
        label={"look": "danger", "done": "success", "none": "info", "waiting": "warning"},
    )
    def what_became(self, event: OrderEvent) -> Badge:
        if event.processed_at is None:
            return Badge("waiting", gettext("waits to be looked up"))
        colour = "look" if event.flagged_at else "done" if event.order_id else "none"
        return Badge(colour, str(event.get_outcome_display()))

    @display(description=_("state"), ordering="state")
    def told_state(self, event: OrderEvent) -> str:
        return told(event.state) or NOTHING

    @display(description=_("our order"))
    def our_order(self, event: OrderEvent) -> str:
        if event.order is None:
            return NOTHING
        url = reverse("admin:orders_order_change", args=[event.order.pk])
        return format_html('<a href="{}">{}</a>', url, event.order.seller_order_id)

    @display(description=_("received"))
    def received(self, event: OrderEvent) -> str:
        return local(event.received_at, event.account.zone)

    @display(description=_("processed"))
    def processed(self, event: OrderEvent) -> str:
        return local(event.processed_at, event.account.zone)
