"""Stock levels, holds and the ledger. Numbers change through `sellers.stock` alone."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import F, OuterRef, QuerySet, Subquery, Sum
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
from sellers.admin.base import PortalAdmin, who
from sellers.admin.filters import (
    AccountOfSkuFilter,
    WarehouseFilter,
)
from sellers.admin.refusals import sentence
from sellers.errors import DomainError
from sellers.models import Hold, StockLevel


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
    """Columns of a level that is read `with_free`; each number leads to what it is made of."""

    @display(description=_("on hand"), ordering="on_hand")
    def told_on_hand(self, level: Any) -> str:
        return _linked(level.on_hand, ledger_of(level), _("What came and went"))

    @display(description=_("held"), ordering="held")
    def told_held(self, level: Any) -> str:
        return _linked(level.held, holds_of(level), _("Which orders hold them"))

    @display(description=_("available"))
    def available(self, level: Any) -> str:
        url = reverse("admin:sellers_stocklevel_change", args=[level.pk])
        return _linked(int(level.free), url, _("How this comes about"))

    @display(description=_("history"))
    def ledger(self, level: StockLevel) -> str:
        return _linked(_("Ledger"), ledger_of(level), "")


def ledger_of(level: StockLevel) -> str:
    return f"{reverse('admin:sellers_stockmovement_changelist')}?level={level.pk}"


def holds_of(level: StockLevel) -> str:
    """Those that count at the moment, expired ones that nobody tidied included."""
    return f"{reverse('admin:sellers_hold_changelist')}?level={level.pk}&state__exact=held"


def _linked(text: Any, url: str, title: Any) -> str:
    return format_html('<a class="text-link" href="{}" title="{}">{}</a>', url, title, text)


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
    list_display = ("sku", "warehouse", "told_on_hand", "told_held", "safety", "available")
    list_filter = (AccountOfSkuFilter, WarehouseFilter)
    list_select_related = ("sku", "warehouse")
    search_fields = ("sku__ref", "sku__ean")
    search_help_text = _("SKU id or EAN")
    ordering = ("id",)
    fields = ("sku", "warehouse")
    readonly_fields = fields
    change_form_before_template = "admin/sellers/stocklevel/shelf.html"
    actions = None
    actions_detail = ("count", "correct")

    def get_queryset(self, request: HttpRequest) -> QuerySet[StockLevel]:
        return with_free(super().get_queryset(request))

    def get_list_display(self, request: HttpRequest) -> list[str]:
        """Numbers are links for those who may go where they lead."""
        plain = {} if _sees_all(request) else {"told_on_hand": "on_hand", "told_held": "held"}
        return [plain.get(name, name) for name in self.list_display]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        level = self.get_object(request, object_id)
        shelf = shelf_facts(level, linked=_sees_all(request)) if level else None
        context = {**(extra_context or {}), "shelf": shelf, "count_url": _count_url(request, level)}
        answer: HttpResponse = super().change_view(request, object_id, form_url, context)
        return answer

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


def _sees_all(request: HttpRequest) -> bool:
    user = request.user
    return user.has_perm("sellers.view_stockmovement") and user.has_perm("sellers.view_hold")


def shelf_facts(level: Any, *, linked: bool = True) -> dict[str, Any]:
    """The sum behind `available`: on hand − safety − held, and what expired holds give back."""
    over = level.holds.filter(state=Hold.State.HELD, expires_at__lte=timezone.now())
    expired = over.aggregate(units=Sum("quantity", default=0))["units"]
    return {
        "level": level,
        "expired": expired,
        "is_below": level.on_hand - level.safety - level.held + expired < 0,
        "ledger": ledger_of(level) if linked else "",
        "holds": holds_of(level) if linked else "",
    }


def _count_url(request: HttpRequest, level: StockLevel | None) -> str:
    """Where this shelf is counted by scanning, for those who may."""
    if level is None or not request.user.has_perm("orders.pack_order"):
        return ""
    where = urlencode({"warehouse": level.warehouse_id, "bin": level.sku.bin_location})
    return f"{reverse('admin:stock_counts')}?{where}"


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
