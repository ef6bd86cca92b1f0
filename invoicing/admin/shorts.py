"""Short picks: what could not be picked, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from invoicing.admin.short_decisions import ShortDecisions
from invoicing.models import ShortPick
from invoicing.picking import deciding
from invoicing.picking.away import units_away
from orders import short_reasons
from sellers.admin.base import NOTHING, Badge, PortalAdmin, ReadOnly, local
from sellers.models import Hold, StockLevel


class StateFilter(SimpleListFilter):
    """What is to be decided, unless asked otherwise."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        return [("decided", _("decided")), ("every", _("all of them"))]

    def choices(self, changelist: Any) -> Iterator[Any]:
        first, *others = super().choices(changelist)
        yield {**first, "display": _("to decide")}
        yield from others

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "every":
            return queryset
        if self.value() == "decided":
            return queryset.exclude(decided_at=None)
        still_open = ShortPick.objects.open().values("pk")
        return queryset.filter(pk__in=still_open)


@admin.register(ShortPick)
class ShortPickAdmin(ShortDecisions, ReadOnly, PortalAdmin):
    list_display = ("when", "order", "what", "why", "state")
    list_filter = (StateFilter,)
    list_select_related = ("order__account", "line__sku", "warehouse", "reported_by")
    search_fields = ("order__marketplace_order_id", "order__seller_order_id", "line__sku__ref")
    search_help_text = _("The beginning of an order id or a SKU id.")
    ordering = ("-id",)
    actions = None
    change_form_before_template = "admin/invoicing/shortpick/decide.html"
    fieldsets = (
        (_("What is missing"), {"fields": ("item", ("quantity", "why"), "where")}),
        (_("Whose"), {"fields": (("order_link", "due"), ("when", "reported_by"))}),
        (_("What the books say"), {"fields": ("books", "promised", "elsewhere")}),
        (_("Decision"), {"fields": (("state", "decided"), "note")}),
    )
    readonly_fields = (
        "item",
        "where",
        "why",
        "order_link",
        "due",
        "when",
        "books",
        "promised",
        "elsewhere",
        "state",
        "decided",
    )

    @display(description=_("reported"), ordering="reported_at")
    def when(self, short: ShortPick) -> str:
        return local(short.reported_at, short.order.account.zone)

    @display(description=_("item"))
    def item(self, short: ShortPick) -> SafeString:
        return format_html('<span class="portal-clip">{}</span>', short.line.sku)

    @display(description=_("missing"))
    def what(self, short: ShortPick) -> SafeString:
        """How many of what, and below it where they should lie."""
        told = '<span class="portal-clip">{} × {}<small>{}</small></span>'
        return format_html(told, short.quantity, short.line.sku, self._place(short))

    def _place(self, short: ShortPick) -> str:
        return " · ".join(filter(None, (short.line.sku.bin_location, short.warehouse.name)))

    @display(description=_("where"))
    def where(self, short: ShortPick) -> SafeString:
        return format_html('<span class="portal-clip">{}</span>', self._place(short))

    @display(description=_("why"))
    def why(self, short: ShortPick) -> str:
        return short_reasons.told(short.reason, short.words)

    @display(description=_("state"), label={"open": "danger", "wait": "warning"})
    def state(self, short: ShortPick) -> Badge:
        if short.decided_at is None:
            return Badge("open", str(_("to decide")))
        return Badge(short.decision, short.get_decision_display())

    @display(description=_("order"))
    def order_link(self, short: ShortPick) -> SafeString:
        url = reverse("admin:orders_order_change", args=[short.order_id])
        return format_html('<a class="text-link" href="{}">{}</a>', url, short.order)

    @display(description=_("hand over by"))
    def due(self, short: ShortPick) -> str:
        return local(short.order.due_at, short.order.account.zone)

    @display(description=_("decided"))
    def decided(self, short: ShortPick) -> str:
        if short.decided_at is None:
            return NOTHING
        return f"{local(short.decided_at, short.order.account.zone)} · {short.decided_by}"

    @display(description=_("there"))
    def books(self, short: Any) -> str:
        return str(short.surroundings.books)

    @display(description=_("also promised to"))
    def promised(self, short: Any) -> str:
        return str(short.surroundings.promised)

    @display(description=_("other warehouses"))
    def elsewhere(self, short: Any) -> str:
        return str(short.surroundings.elsewhere)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The ways out stand on the page itself: they are too many for its head."""
        response: HttpResponse = super().change_view(request, object_id, form_url, extra_context)
        if isinstance(response, TemplateResponse) and response.context_data:
            response.context_data["decisions"] = response.context_data.get("actions_detail")
            response.context_data["actions_detail"] = []
        return response

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        found: Any = super().get_object(request, object_id, from_field)
        if found is not None:
            # The page asks for each field several times over.
            found.surroundings = _Surroundings(found)
        return found


class _Surroundings:
    """What the books say around a short pick, each looked up once."""

    def __init__(self, short: ShortPick) -> None:
        self.short = short

    @cached_property
    def books(self) -> str:
        short = self.short
        level = _level(short)
        if level is None:
            return NOTHING
        sku_id = short.line.sku_id
        away = units_away(warehouse_id=short.warehouse_id, sku_ids=[sku_id])[sku_id]
        facts = {"on_hand": level.on_hand, "held": level.held, "away": away}
        told = _(
            "On hand: %(on_hand)d, of which promised to orders: %(held)d. In totes and open "
            "packages: %(away)d. So the shelf should have %(shelf)d."
        )
        return told % (facts | {"shelf": level.on_hand - away})

    @cached_property
    def promised(self) -> str:
        here = Hold.objects.filter(
            level__sku=self.short.line.sku_id,
            level__warehouse=self.short.warehouse_id,
            state=Hold.State.HELD,
        )
        others = here.exclude(seller_order_id=self.short.order.seller_order_id).order_by("pk")
        told = others.values_list("seller_order_id", "quantity")[:20]
        return ", ".join(f"{order} ({units})" for order, units in told) or NOTHING

    @cached_property
    def elsewhere(self) -> str:
        if self.short.decided_at is not None:
            return NOTHING
        places = deciding.elsewhere(self.short, now=timezone.now())
        return ", ".join(f"{warehouse}: {free}" for warehouse, free in places) or NOTHING


def _level(short: ShortPick) -> StockLevel | None:
    return StockLevel.objects.filter(sku=short.line.sku_id, warehouse=short.warehouse_id).first()
