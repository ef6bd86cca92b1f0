"""What a manager decides on an order's page: its cancellation, and that a problem was seen."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.enums import ActionVariant
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from orders import deciding, flagging
from orders.admin.deciding_on import decidable, decided
from orders.models import Order
from orders.states import Status
from sellers.admin.base import who

#: Answers that somebody waits for: they stand on the page itself, at every width.
DECISIVE = (ActionVariant.PRIMARY, ActionVariant.DANGER)
#: Said in words of one's own.
OTHER = "other"


class RefuseForm(BaseDialogForm):
    reason = forms.CharField(
        label=_("Reason"), max_length=300, required=False, widget=UnfoldAdminTextInputWidget
    )


class CancelForm(BaseDialogForm):
    choice = forms.ChoiceField(
        label=_("Reason"),
        choices=[("", _("choose…")), *deciding.Reason.choices, (OTHER, _("another reason"))],
        widget=UnfoldAdminSelectWidget,
    )
    words = forms.CharField(
        label=_("In words of your own"),
        max_length=300,
        required=False,
        widget=UnfoldAdminTextInputWidget,
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("choice") == OTHER and not cleaned.get("words", "").strip():
            self.add_error("words", _("Say why the order is cancelled."))
        return cleaned

    @property
    def reason(self) -> str:
        """The reason chosen, and what was written beside it."""
        chosen = self.cleaned_data["choice"]
        label = "" if chosen == OTHER else str(deciding.Reason(chosen).label)
        return ": ".join(filter(None, (label, self.cleaned_data["words"].strip())))


class Decisions:
    """Actions of the order's page; each is offered only while it can be done."""

    actions_detail: tuple[str, ...] = (
        "accept_cancellation",
        "refuse_cancellation",
        "cancel_order",
        "mark_seen",
    )

    def has_answer_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        order = decidable(request, object_id)
        return order is not None and order.status == Status.CANCEL_REQUESTED

    def has_cancel_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        order = decidable(request, object_id)
        asked = order is not None and order.status == Status.CANCEL_REQUESTED
        return order is not None and not asked and deciding.why_not_cancel(order) is None

    def has_settle_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        order = decidable(request, object_id)
        return order is not None and order.flagged_at is not None

    @action(
        description=_("Accept the cancellation"),
        url_path="accept-cancellation",
        icon="check",
        permissions=["answer"],
        variant=ActionVariant.DANGER,
        dialog={
            "title": _("Cancel this order, as the shopper asked?"),
            "description": _("The stock is given back and the marketplace is told."),
            "form_class": None,
            "form_submit_text": _("Cancel the order"),
        },
    )
    def accept_cancellation(
        self, request: HttpRequest, form: BaseDialogForm, object_id: str
    ) -> HttpResponse:
        order = get_object_or_404(Order, pk=object_id)
        return decided(
            request,
            order,
            lambda: deciding.accept_cancellation(
                order=order, now=timezone.now(), actor=who(request)
            ),
        )

    @action(
        description=_("Refuse the cancellation"),
        url_path="refuse-cancellation",
        icon="close",
        permissions=["answer"],
        variant=ActionVariant.PRIMARY,
        dialog={
            "title": _("Go on with this order?"),
            "description": _("Packing goes on; the invoice is the answer to the marketplace."),
            "form_class": RefuseForm,
            "form_submit_text": _("Refuse the cancellation"),
        },
    )
    def refuse_cancellation(
        self, request: HttpRequest, form: RefuseForm, object_id: str
    ) -> HttpResponse:
        order = get_object_or_404(Order, pk=object_id)
        return decided(
            request,
            order,
            lambda: deciding.refuse_cancellation(
                order=order,
                reason=form.cleaned_data["reason"],
                now=timezone.now(),
                actor=who(request),
            ),
        )

    @action(
        description=_("Cancel the order"),
        url_path="cancel",
        icon="block",
        permissions=["cancel"],
        dialog={
            "title": _("Cancel this order?"),
            "description": _("The stock is given back and the marketplace is told why."),
            "form_class": CancelForm,
            "form_submit_text": _("Cancel the order"),
        },
    )
    def cancel_order(self, request: HttpRequest, form: CancelForm, object_id: str) -> HttpResponse:
        order = get_object_or_404(Order, pk=object_id)
        return decided(
            request,
            order,
            lambda: deciding.cancel_by_seller(
                order=order, reason=form.reason, now=timezone.now(), actor=who(request)
            ),
        )

    @action(
        description=_("I have looked at it"),
        url_path="seen",
        icon="visibility",
        permissions=["settle"],
        dialog={
            "title": _("Is the problem settled?"),
            "description": _("The order leaves the list of what needs attention."),
            "form_class": None,
            "form_submit_text": _("Settled"),
        },
    )
    def mark_seen(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        order = get_object_or_404(Order, pk=object_id)
        return decided(
            request,
            order,
            lambda: flagging.settle(order, now=timezone.now(), actor=who(request)),
        )
