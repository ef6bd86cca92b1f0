"""What a manager decides about a change of an order, and how a change is shown on its page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action
from unfold.enums import ActionVariant
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextInputWidget

from orders import agreeing
from orders.admin.deciding_on import decidable, decided
from orders.models import Order, OrderChange
from orders.modifying import Step, changed_lines, open_change
from orders.replanning import plan_from
from orders.sentences import told_changes
from sellers.admin.base import local, money, who
from sellers.models import User

CHANGE_ACTIONS = ("accept_change", "refuse_change", "finish_change")
_COLOURS = {
    Step.RECEIVED: "danger",
    Step.ACKNOWLEDGED: "warning",
    Step.CONFIRMED: "danger",
    Step.APPLIED: "success",
}


class RefuseChangeForm(BaseDialogForm):
    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=300, widget=UnfoldAdminTextInputWidget
    )


class ChangeDecisions:
    """Actions of the order's page; each is offered only while it can be done."""

    def has_accept_change_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return _is(request, object_id, Step.RECEIVED)

    def has_refuse_change_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return _is(request, object_id, Step.RECEIVED, Step.ACKNOWLEDGED)

    def has_finish_change_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return _is(request, object_id, Step.CONFIRMED)

    @action(
        description=gettext_lazy("Accept the change"),
        url_path="accept-change",
        icon="check",
        permissions=["accept_change"],
        variant=ActionVariant.PRIMARY,
        dialog={
            "title": gettext_lazy("Change this order, as the marketplace asks?"),
            "description": gettext_lazy(
                "What is added is held now; the order changes once the marketplace confirms."
            ),
            "form_class": None,
            "form_submit_text": gettext_lazy("Accept the change"),
        },
    )
    def accept_change(
        self, request: HttpRequest, form: BaseDialogForm, object_id: str
    ) -> HttpResponse:
        order, change = _asked(object_id)
        return decided(
            request,
            order,
            lambda: agreeing.accept_change(change=change, now=timezone.now(), actor=who(request)),
        )

    @action(
        description=gettext_lazy("Refuse the change"),
        url_path="refuse-change",
        icon="close",
        permissions=["refuse_change"],
        variant=ActionVariant.DANGER,
        dialog={
            "title": gettext_lazy("Leave this order as it is?"),
            "description": gettext_lazy(
                "Packing goes on; the marketplace is told to withdraw the change."
            ),
            "form_class": RefuseChangeForm,
            "form_submit_text": gettext_lazy("Refuse the change"),
        },
    )
    def refuse_change(
        self, request: HttpRequest, form: RefuseChangeForm, object_id: str
    ) -> HttpResponse:
        order, change = _asked(object_id)
        return decided(
            request,
            order,
            lambda: agreeing.refuse_change(
                change=change,
                reason=form.cleaned_data["reason"],
                now=timezone.now(),
                actor=who(request),
            ),
        )

    @action(
        description=gettext_lazy("Carry out the change"),
        url_path="finish-change",
        icon="task_alt",
        permissions=["finish_change"],
        variant=ActionVariant.PRIMARY,
        dialog={
            "title": gettext_lazy("Carry out the change now?"),
            "description": gettext_lazy("The marketplace has confirmed it and waits for us."),
            "form_class": None,
            "form_submit_text": gettext_lazy("Carry out the change"),
        },
    )
    def finish_change(
        self, request: HttpRequest, form: BaseDialogForm, object_id: str
    ) -> HttpResponse:
        order, change = _asked(object_id)
        return decided(
            request,
            order,
            lambda: agreeing.finish_change(change=change, now=timezone.now(), actor=who(request)),
        )


def _is(request: HttpRequest, object_id: Any, *statuses: Step) -> bool:
    order = decidable(request, object_id)
    change = open_change(order) if order is not None else None
    return change is not None and change.status in statuses


def _asked(object_id: str) -> tuple[Order, OrderChange]:
    """The order and its latest change: if one is open, it is this."""
    order = get_object_or_404(Order, pk=object_id)
    change = order.changes.first()
    if change is None:
        raise Http404
    return order, change


@dataclass
class ShownChange:
    """One change on the order's page. `value` is empty for those who may not see money, `reason`
    and `end`, in anybody's words, for those who may not read what happened."""

    status: str
    colour: str
    at: str
    lines: list[str]
    reason: str
    end: str
    value: str


def shown_changes(order: Order, *, reader: User, zone: ZoneInfo) -> list[ShownChange]:
    """All changes of an order, latest first, in one query."""
    return [_shown(change, order, reader, zone) for change in order.changes.all()]


def _shown(change: OrderChange, order: Order, reader: User, zone: ZoneInfo) -> ShownChange:
    plan = plan_from(change.plan)
    reads_words = reader.has_perm("orders.view_timelineentry")
    value = money(plan.payment_cents, order.account.currency)
    return ShownChange(
        status=change.get_status_display(),
        colour=_COLOURS.get(Step(change.status), "info"),
        at=local(change.received_at, zone),
        lines=told_changes(changed_lines(plan)),
        reason=_("reason: %s") % change.reason if change.reason and reads_words else "",
        end=change.answer_reason if reads_words else "",
        value=_("value: %s") % value if reader.has_perm("orders.view_money") else "",
    )
