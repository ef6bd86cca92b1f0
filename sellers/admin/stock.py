"""Stock levels, holds and the ledger. Numbers change through `sellers.stock` alone."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce, Greatest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget

from sellers import stock
from sellers.admin.base import PortalAdmin, ReadOnly, beginning_with, local, who
from sellers.admin.filters import (
    AccountOfLevelFilter,
    AccountOfSkuFilter,
    WarehouseFilter,
    WarehouseOfLevelFilter,
)
from sellers.admin.refusals import sentence
from sellers.errors import DomainError
from sellers.models import Hold, StockLevel, StockMovement


def with_free(levels: QuerySet[StockLevel]) -> QuerySet[StockLevel]:
    """Levels with `.free`, worked out as `sellers.stock.available` does, for the page's rows."""
    expired = (
        Hold.objects.filter(level=OuterRef("pk"), state=Hold.State.HELD)
        .filter(expires_at__lte=timezone.now())
        .order_by()
        .values("level")
        .annotate(units=Sum("quantity"))
        .values("units")
    )
    free = F("on_hand") - F("safety") - F("held") + Coalesce(Subquery(expired), 0)
    return levels.annotate(free=Greatest(free, 0))


class ShelfColumns:
    """Columns of a stock level that is read `with_free`."""

    @display(description=_("available"))
    def available(self, level: Any) -> int:
        return int(level.free)

    @display(description=_("history"))
    def ledger(self, level: StockLevel) -> str:
        url = reverse("admin:sellers_stockmovement_changelist")
        return format_html(
            '<a class="text-link" href="{}?level={}">{}</a>', url, level.pk, _("Ledger")
        )


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


def _new_key() -> str:
    return uuid.uuid4().hex


class OnceForm(BaseDialogForm):
    """Carries a key of its own, so that a form sent twice counts once."""

    key = forms.CharField(widget=forms.HiddenInput, initial=_new_key, max_length=32)


class CountForm(OnceForm):
    counted = forms.IntegerField(
        label=_("Units counted on the shelf"), min_value=0, widget=UnfoldAdminIntegerFieldWidget
    )


class CorrectForm(OnceForm):
    change = forms.IntegerField(
        label=_("Units to add, or to take away with a minus"),
        widget=UnfoldAdminIntegerFieldWidget,
    )
    reason = forms.CharField(label=_("Reason"), max_length=300, widget=UnfoldAdminTextInputWidget)

    def clean_change(self) -> int:
        change: int = self.cleaned_data["change"]
        if change == 0:
            raise forms.ValidationError(_("Say how many units to add or to take away: not 0."))
        return change


@admin.register(StockLevel)
class StockLevelAdmin(ShelfColumns, PortalAdmin):
    list_display = ("sku", "warehouse", "on_hand", "held", "safety", "available", "ledger")
    list_filter = (AccountOfSkuFilter, WarehouseFilter)
    list_select_related = ("sku", "warehouse")
    search_fields = ("sku__ref", "sku__ean")
    search_help_text = _("SKU id or EAN")
    ordering = ("id",)
    fields = ("sku", "warehouse", ("on_hand", "held"), ("safety", "available"), "ledger")
    readonly_fields = ("sku", "warehouse", "on_hand", "held", "safety", "available", "ledger")
    actions = None
    actions_detail = ("count", "correct")

    def get_queryset(self, request: HttpRequest) -> QuerySet[StockLevel]:
        return with_free(super().get_queryset(request))

    def get_list_display(self, request: HttpRequest) -> list[str]:
        sees_ledger = request.user.has_perm("sellers.view_stockmovement")
        return [name for name in self.list_display if name != "ledger" or sees_ledger]

    def get_fields(self, request: HttpRequest, obj: StockLevel | None = None) -> list[Any]:
        sees_ledger = request.user.has_perm("sellers.view_stockmovement")
        return [name for name in self.fields if name != "ledger" or sees_ledger]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: StockLevel | None = None) -> bool:
        """Numbers are never typed over: they move by a count or a correction."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: StockLevel | None = None) -> bool:
        return False

    def has_move_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("sellers.change_stocklevel")

    @action(
        description=_("Count"),
        url_path="count",
        icon="checklist",
        permissions=["move"],
        dialog={
            "title": _("Count the shelf"),
            "description": _("Everything that lies there now, units held for orders included."),
            "form_class": CountForm,
            "form_submit_text": _("Record the count"),
        },
    )
    def count(self, request: HttpRequest, form: CountForm, object_id: str) -> HttpResponse:
        level = get_object_or_404(StockLevel, pk=object_id)

        def record() -> None:
            stock.count(
                sku_id=level.sku_id,
                warehouse_id=level.warehouse_id,
                counted=form.cleaned_data["counted"],
                cause=f"count/{form.cleaned_data['key']}",
                now=timezone.now(),
                actor=who(request),
            )

        return _recorded(request, level, record)

    @action(
        description=_("Correct"),
        url_path="correct",
        icon="edit_note",
        permissions=["move"],
        dialog={
            "title": _("Correct the stock"),
            "description": _("For breakage, loss and finds. The reason stays in the ledger."),
            "form_class": CorrectForm,
            "form_submit_text": _("Record the correction"),
        },
    )
    def correct(self, request: HttpRequest, form: CorrectForm, object_id: str) -> HttpResponse:
        level = get_object_or_404(StockLevel, pk=object_id)

        def record() -> None:
            stock.correct(
                sku_id=level.sku_id,
                warehouse_id=level.warehouse_id,
                on_hand_change=form.cleaned_data["change"],
                reason=form.cleaned_data["reason"],
                cause=f"correction/{form.cleaned_data['key']}",
                now=timezone.now(),
                actor=who(request),
            )

        return _recorded(request, level, record)


def _recorded(request: HttpRequest, level: StockLevel, record: Callable[[], None]) -> HttpResponse:
    """Do it, say how it went, and show the level again in place of the dialog."""
    try:
        with transaction.atomic():
            record()
    except DomainError as refusal:
        messages.error(request, sentence(refusal))
    else:
        messages.success(request, _("Recorded in the stock ledger."))
    url = reverse("admin:sellers_stocklevel_change", args=[level.pk])
    return HttpResponse(headers={"HX-Redirect": url})


@admin.register(StockMovement)
class StockMovementAdmin(ReadOnly, BySku, PortalAdmin):
    """The ledger: written once, read for ever."""

    list_display = (
        "when",
        "sku",
        "warehouse",
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
class HoldAdmin(ReadOnly, BySku, PortalAdmin):
    list_display = (
        "seller_order_id",
        "line_number",
        "sku",
        "warehouse",
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
