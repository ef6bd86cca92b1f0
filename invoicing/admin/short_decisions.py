"""What a manager can decide about missing units: the dialogs of a short pick's page."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.enums import ActionVariant
from unfold.forms import BaseDialogForm
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from invoicing.models import ShortPick
from invoicing.picking import deciding
from orders.admin.decisions import CancelForm
from orders.deciding import Reason, why_not_cancel
from sellers.admin.base import who
from sellers.admin.refusals import sentence
from sellers.errors import DomainError
from sellers.models import Warehouse


class CountedForm(BaseDialogForm):
    counted = forms.IntegerField(
        label=_("Units on that shelf now, if somebody counted"),
        help_text=_("The books follow. Units in totes and open packages are added by themselves."),
        min_value=0,
        required=False,
        widget=UnfoldAdminIntegerFieldWidget,
    )
    note = forms.CharField(
        label=_("Note"), max_length=300, required=False, widget=UnfoldAdminTextInputWidget
    )


class ElsewhereForm(CountedForm):
    warehouse = forms.ChoiceField(label=_("Warehouse"), widget=UnfoldAdminSelectWidget)
    field_order = ("warehouse", "counted", "note")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["warehouse"].choices = [
            (str(warehouse.pk), _("%(name)s: %(free)d free") % {"name": warehouse, "free": free})
            for warehouse, free in case_of(self.request, self.object_id).places
        ]


class CancelShortForm(CancelForm, CountedForm):
    field_order = ("choice", "words", "counted")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, initial={"choice": Reason.OUT_OF_STOCK}, **kwargs)
        del self.fields["note"]


class Case:
    """A short pick somebody has to decide about, if it is one still, and the ways out of it."""

    def __init__(self, object_id: Any) -> None:
        rows = ShortPick.objects.open().select_related("order__account", "line__sku", "warehouse")
        self.short = rows.filter(pk=object_id).first()

    @cached_property
    def places(self) -> list[tuple[Warehouse, int]]:
        return deciding.elsewhere(self.short, now=timezone.now()) if self.short else []

    @cached_property
    def may_change(self) -> bool:
        return self.short is not None and deciding.why_not_change(self.short.order) is None

    @cached_property
    def may_cancel(self) -> bool:
        return self.short is not None and why_not_cancel(self.short.order) is None


def case_of(request: HttpRequest, object_id: Any) -> Case:
    """Looked up once for all the questions of a request."""
    known: Case | None = getattr(request, "short_case", None)
    if known is None:
        known = Case(object_id)
        request.short_case = known  # type: ignore[attr-defined]  # ours, like request.user
    return known


class ShortDecisions:
    """Actions of the page; each is offered only while it can be done."""

    actions_detail: tuple[str, ...] = (
        "take_elsewhere",
        "wait_for_stock",
        "ask_for_change",
        "cancel_short",
        "found_after_all",
    )

    def has_decide_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return _may(request) and case_of(request, object_id).short is not None

    def has_elsewhere_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return _may(request) and bool(case_of(request, object_id).places)

    def has_change_asked_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return _may(request) and case_of(request, object_id).may_change

    def has_cancel_short_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return _may(request) and case_of(request, object_id).may_cancel

    @action(
        description=_("Take them from another warehouse"),
        url_path="elsewhere",
        icon="swap_horiz",
        permissions=["elsewhere"],
        variant=ActionVariant.PRIMARY,
        dialog={
            "title": _("Which warehouse sends the missing units?"),
            "description": _("They are held there at once, and picked there."),
            "form_class": ElsewhereForm,
            "form_submit_text": _("Hold them there"),
        },
    )
    def take_elsewhere(
        self, request: HttpRequest, form: ElsewhereForm, object_id: str
    ) -> HttpResponse:
        warehouse = get_object_or_404(Warehouse, pk=form.cleaned_data["warehouse"])
        decide = partial(deciding.take_elsewhere, warehouse=warehouse, **_said(form))
        return _decided(request, object_id, decide)

    @action(
        description=_("Wait for stock"),
        url_path="wait",
        icon="hourglass_top",
        permissions=["decide"],
        variant=ActionVariant.PRIMARY,
        dialog={
            "title": _("Wait until stock comes?"),
            "description": _(
                "The units stay promised to this order. What is there may be packed and sent; the "
                "rest is picked once stock has come to that shelf."
            ),
            "form_class": CountedForm,
            "form_submit_text": _("Wait"),
        },
    )
    def wait_for_stock(
        self, request: HttpRequest, form: CountedForm, object_id: str
    ) -> HttpResponse:
        return _decided(request, object_id, partial(deciding.wait, **_said(form)))

    @action(
        description=_("The marketplace changes the order"),
        url_path="ask-for-change",
        icon="edit_note",
        permissions=["change_asked"],
        dialog={
            "title": _("Ask the marketplace to change the order?"),
            "description": _(
                "The marketplace asks us for changes, not we them: ask its people, and its change "
                "comes to the order's page to be accepted. Until then these units are not picked."
            ),
            "form_class": CountedForm,
            "form_submit_text": _("I have asked"),
        },
    )
    def ask_for_change(
        self, request: HttpRequest, form: CountedForm, object_id: str
    ) -> HttpResponse:
        return _decided(request, object_id, partial(deciding.ask_for_change, **_said(form)))

    @action(
        description=_("Cancel the order"),
        url_path="cancel",
        icon="block",
        permissions=["cancel_short"],
        variant=ActionVariant.DANGER,
        dialog={
            "title": _("Cancel the whole order?"),
            "description": _("The stock is given back and the marketplace is told why."),
            "form_class": CancelShortForm,
            "form_submit_text": _("Cancel the order"),
        },
    )
    def cancel_short(
        self, request: HttpRequest, form: CancelShortForm, object_id: str
    ) -> HttpResponse:
        counted = form.cleaned_data["counted"]
        decide = partial(deciding.cancel, reason=form.reason, counted=counted)
        return _decided(request, object_id, decide)

    @action(
        description=_("Found after all"),
        url_path="found",
        icon="check",
        permissions=["decide"],
        dialog={
            "title": _("Are the units there after all?"),
            "description": _("They are to be picked again, as before."),
            "form_class": None,
            "form_submit_text": _("They are there"),
        },
    )
    def found_after_all(
        self, request: HttpRequest, form: BaseDialogForm, object_id: str
    ) -> HttpResponse:
        return _decided(request, object_id, partial(deciding.found, note=""))


def _may(request: HttpRequest) -> bool:
    return request.user.has_perm("orders.change_order")


def _said(form: CountedForm) -> dict[str, Any]:
    return {"counted": form.cleaned_data["counted"], "note": form.cleaned_data["note"]}


def _decided(request: HttpRequest, object_id: str, decide: Callable[..., object]) -> HttpResponse:
    """Do it, say how it went, and show what is left to decide in place of the dialog."""
    short = get_object_or_404(ShortPick, pk=object_id)
    try:
        decide(short=short, now=timezone.now(), actor=who(request))
    except DomainError as refusal:
        messages.error(request, sentence(refusal))
        url = reverse("admin:invoicing_shortpick_change", args=[object_id])
    else:
        messages.success(request, _("Done."))
        url = reverse("admin:invoicing_shortpick_changelist")
    return HttpResponse(headers={"HX-Redirect": url})
