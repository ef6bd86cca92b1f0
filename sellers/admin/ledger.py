"""The stock ledger and the holds: what the numbers of a shelf are made of, with their sums."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from sellers.admin.base import PortalAdmin, ReadOnly, beginning_with, local
from sellers.admin.filters import AccountOfLevelFilter, WarehouseOfLevelFilter
from sellers.admin.stock import with_free
from sellers.models import Hold, StockLevel, StockMovement
from sellers.row_ids import is_row_id


class OnShelves:
    """Rows that hang on a shelf: which, in one column."""

    @display(description=_("shelf"))
    def shelf(self, row: StockMovement | Hold) -> SafeString:
        told = '<span class="portal-clip">{}<small>{}</small></span>'
        return format_html(told, row.level.sku, row.level.warehouse)


class BySku:
    """Search of what hangs on a shelf: by SKU or by our order id, each from its beginning."""

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        # First the few shelves, then their rows by index: a join would walk the whole table.
        shelves = StockLevel.objects.filter(beginning_with(term, ("sku__ref", "sku__ean")))
        found = Q(level__in=list(shelves.values_list("pk", flat=True)[:500]))
        return queryset.filter(found | beginning_with(term, ("seller_order_id",))), False


class OfOneShelf:
    """With `?level=` the list begins with the shelf's numbers and the sums of its rows."""

    list_before_template = "admin/sellers/of_one_shelf.html"

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        chosen = request.GET.get("level", "")
        known = is_row_id(chosen)
        levels = StockLevel.objects.select_related("sku", "warehouse")
        level = with_free(levels).filter(pk=chosen).first() if known else None
        sums = self.sums_of(level) if level else None
        context = {**(extra_context or {}), "shelf": level, "sums": sums}
        answer: HttpResponse = super().changelist_view(request, context)  # type: ignore[misc]  # a mixin: the admin class beside it has it
        return answer

    def sums_of(self, level: StockLevel) -> list[tuple[Any, int, int]]:
        """What is summed, the sum of the rows, and the shelf's own number."""
        raise NotImplementedError


@admin.register(StockMovement)
class StockMovementAdmin(OfOneShelf, OnShelves, ReadOnly, BySku, PortalAdmin):
    """The ledger: written once, read for ever."""

    list_display = (
        "when",
        "shelf",
        "kind",
        "on_hand_change",
        "held_change",
        "told_cause",
        "actor",
    )
    list_filter = ("kind", AccountOfLevelFilter, WarehouseOfLevelFilter, "at")
    list_select_related = ("level__sku__account", "level__warehouse", "actor")
    search_fields = ("seller_order_id",)
    search_help_text = _("SKU id, EAN or our order id")
    actions = None
    fieldsets = (
        (None, {"fields": (("when", "kind"), ("sku", "warehouse"))}),
        (_("Change"), {"fields": (("on_hand_change", "held_change"),)}),
        (_("Why"), {"fields": ("cause", "seller_order_id", ("note", "actor"))}),
    )
    readonly_fields = ("when", "sku", "warehouse")

    def sums_of(self, level: StockLevel) -> list[tuple[Any, int, int]]:
        rows = level.movements.aggregate(
            on_hand=Sum("on_hand_change", default=0), held=Sum("held_change", default=0)
        )
        return [
            (_("on hand"), rows["on_hand"], level.on_hand),
            (_("held"), rows["held"], level.held),
        ]

    @display(description=_("cause"))
    def told_cause(self, movement: StockMovement) -> str:
        """The order, or what somebody wrote; the exact cause is on the movement's page."""
        told = movement.seller_order_id or movement.note or movement.cause.partition("/")[0]
        return format_html('<span class="portal-clip">{}</span>', told)

    @display(description=_("at"))
    def when(self, movement: StockMovement) -> str:
        return local(movement.at, movement.level.sku.account.zone)

    @display(description=_("SKU"))
    def sku(self, movement: StockMovement) -> str:
        return format_html('<span class="portal-clip">{}</span>', movement.level.sku)

    @display(description=_("warehouse"))
    def warehouse(self, movement: StockMovement) -> str:
        return str(movement.level.warehouse)


@admin.register(Hold)
class HoldAdmin(OfOneShelf, OnShelves, ReadOnly, BySku, PortalAdmin):
    list_display = (
        "seller_order_id",
        "line_number",
        "shelf",
        "quantity",
        "state",
        "expires",
        "created",
    )
    list_filter = ("state", AccountOfLevelFilter, WarehouseOfLevelFilter)
    list_select_related = ("level__sku__account", "level__warehouse")
    search_fields = ("seller_order_id",)
    search_help_text = _("SKU id, EAN or our order id")
    ordering = ("-id",)
    actions = None
    fieldsets = (
        (None, {"fields": (("seller_order_id", "line_number"), ("sku", "warehouse"))}),
        (_("Units"), {"fields": (("quantity", "state"), ("expires", "created"))}),
    )
    readonly_fields = ("line_number", "sku", "warehouse", "expires", "created")

    def sums_of(self, level: StockLevel) -> list[tuple[Any, int, int]]:
        live = level.holds.filter(state=Hold.State.HELD)
        return [(_("held"), live.aggregate(units=Sum("quantity", default=0))["units"], level.held)]

    @display(description=_("line"))
    def line_number(self, hold: Hold) -> int:
        return hold.line_index + 1

    @display(description=_("SKU"))
    def sku(self, hold: Hold) -> str:
        return format_html('<span class="portal-clip">{}</span>', hold.level.sku)

    @display(description=_("warehouse"))
    def warehouse(self, hold: Hold) -> str:
        return str(hold.level.warehouse)

    @display(description=_("expires"))
    def expires(self, hold: Hold) -> str:
        return local(hold.expires_at, hold.level.sku.account.zone)

    @display(description=_("created"))
    def created(self, hold: Hold) -> str:
        return local(hold.created_at, hold.level.sku.account.zone)
