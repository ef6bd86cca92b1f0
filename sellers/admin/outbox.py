"""What we told the marketplace, and what it answered: the seller's proof. Nothing is edited."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextInputWidget

from sellers.admin.base import NOTHING, Badge, PortalAdmin, PortalInline, ReadOnly, local, who
from sellers.admin.filters import AccountFilter
from sellers.admin.refusals import sentence
from sellers.errors import DomainError
from sellers.marketplace import deciding
from sellers.marketplace.advice import next_step, standing_of, translated
from sellers.marketplace.documents import without_document
from sellers.marketplace.models import needing_attention
from sellers.models import DeliveryAttempt, OutboxMessage, StaffDecision

COLOURS = {"info": "info", "success": "success", "warning": "warning", "danger": "danger"}


class StateFilter(SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("attention", _("needs attention")), *OutboxMessage.Status.choices]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[OutboxMessage]
    ) -> QuerySet[OutboxMessage]:
        chosen = self.value()
        if chosen == "attention":
            return queryset.filter(needing_attention())
        return queryset.filter(status=chosen) if chosen else queryset


class AttemptInline(ReadOnly, PortalInline):
    model = DeliveryAttempt
    fields = ("when", "ended", "words", "duration_ms", "response")
    readonly_fields = fields
    can_delete = False
    per_page = 20

    @display(description=_("at"))
    def when(self, attempt: DeliveryAttempt) -> str:
        return local(attempt.at, attempt.message.account.zone)

    @display(description=_("outcome"))
    def ended(self, attempt: DeliveryAttempt) -> str:
        return f"{attempt.http_status or ''} {attempt.get_outcome_display()}".strip()

    @display(description=_("in its words"))
    def words(self, attempt: DeliveryAttempt) -> str:
        return translated(attempt.detail) or NOTHING

    def get_queryset(self, request: HttpRequest) -> QuerySet[DeliveryAttempt]:
        attempts: QuerySet[DeliveryAttempt] = super().get_queryset(request)
        return attempts.select_related("message__account").order_by("-id")


class DecisionInline(ReadOnly, PortalInline):
    model = StaffDecision
    fields = ("when", "verdict", "reason", "actor", "said_before")
    readonly_fields = fields
    can_delete = False

    @display(description=_("at"))
    def when(self, decision: StaffDecision) -> str:
        return local(decision.at, decision.message.account.zone)

    def get_queryset(self, request: HttpRequest) -> QuerySet[StaffDecision]:
        decisions: QuerySet[StaffDecision] = super().get_queryset(request)
        return decisions.select_related("message__account", "actor")


class DismissForm(BaseDialogForm):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        widget=UnfoldAdminTextInputWidget({"autofocus": ""}),
    )


@admin.register(OutboxMessage)
class OutboxMessageAdmin(ReadOnly, PortalAdmin):
    inlines = (AttemptInline, DecisionInline)
    list_display = ("subject", "kind", "state", "error", "created", "account")
    list_filter = (StateFilter, AccountFilter, "kind")
    list_select_related = ("account",)
    search_fields = ("subject",)
    search_help_text = _("Marketplace order id")
    actions = ("resend_chosen",)
    actions_detail: tuple[str, ...] = ("resend", "dismiss")
    fieldsets: tuple[tuple[Any, dict[str, Any]], ...] = (
        (None, {"fields": (("state", "kind"), "next_step")}),
        (_("About"), {"fields": (("subject", "account"), ("receipt", "error"))}),
        (_("Sent"), {"fields": ("method", "base_url", "path", "shown_body")}),
        (_("When"), {"fields": (("created", "due"), ("settled", "attempts_made"), "doubt")}),
    )
    readonly_fields: tuple[str, ...] = (
        "state",
        "next_step",
        "error",
        "shown_body",
        "created",
        "due",
        "settled",
        "doubt",
    )

    @display(description=_("body"))
    def shown_body(self, message: OutboxMessage) -> str:
        """What was sent, but for an invoice's own document, which names the shopper."""
        return without_document(message.body) or NOTHING

    def has_resend_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Offered for what waits for a person only."""
        allowed = request.user.has_perm("sellers.change_outboxmessage")
        waiting = OutboxMessage.objects.filter(needing_attention(), pk=object_id)
        return allowed and waiting.exists()

    @action(
        description=_("Resend"),
        url_path="resend",
        icon="send",
        permissions=["resend"],
        dialog={
            "title": _("Send it again?"),
            "description": _("The same message, word for word; later messages wait behind it."),
            "form_class": None,
            "form_submit_text": _("Resend"),
        },
    )
    def resend(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        message = get_object_or_404(OutboxMessage, pk=object_id)
        try:
            deciding.resend(message, actor=who(request), now=timezone.now())
        except DomainError as refusal:
            messages.error(request, sentence(refusal))
        else:
            messages.success(request, _("It will be sent again now."))
        return back_to(message)

    @action(
        description=_("Dismiss"),
        url_path="dismiss",
        icon="do_not_disturb_on",
        permissions=["resend"],
        dialog={
            "title": _("Do without this message?"),
            "description": _(
                "It leaves the list, the marketplace does not hear it from us again, and later "
                "messages of the order go on."
            ),
            "form_class": DismissForm,
            "form_submit_text": _("Dismiss"),
        },
    )
    def dismiss(self, request: HttpRequest, form: DismissForm, object_id: str) -> HttpResponse:
        message = get_object_or_404(OutboxMessage, pk=object_id)
        try:
            deciding.dismiss(
                message,
                reason=form.cleaned_data["reason"],
                actor=who(request),
                now=timezone.now(),
            )
        except DomainError as refusal:
            messages.error(request, sentence(refusal))
        else:
            messages.success(request, _("The message was dismissed."))
        return back_to(message)

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("sellers.change_outboxmessage")

    @admin.action(description=_("Resend"), permissions=["decide"])
    def resend_chosen(self, request: HttpRequest, queryset: QuerySet[OutboxMessage]) -> None:
        """Many at once, as after a day on which the marketplace was away."""
        chosen = list(queryset.filter(needing_attention()).order_by("id"))
        for message in chosen:
            try:
                deciding.resend(message, actor=who(request), now=timezone.now())
            except DomainError as refusal:
                messages.error(request, f"{message}: {sentence(refusal)}")
                return
        messages.success(request, _("To be sent again now: %(count)d") % {"count": len(chosen)})

    @display(description=_("state"), label=COLOURS)
    def state(self, message: OutboxMessage) -> Badge:
        sign, words, colour = standing_of(message)
        return Badge(colour, f"{sign} {words}")

    @display(description=_("what to do"))
    def next_step(self, message: OutboxMessage) -> str:
        return next_step(message)

    @display(description=_("last error"))
    def error(self, message: OutboxMessage) -> str:
        return translated(message.last_error) or NOTHING

    @display(description=_("created"))
    def created(self, message: OutboxMessage) -> str:
        return local(message.created_at, message.account.zone)

    @display(description=_("due"))
    def due(self, message: OutboxMessage) -> str:
        return local(message.due_at, message.account.zone)

    @display(description=_("every try answered"))
    def doubt(self, message: OutboxMessage) -> str:
        if not message.attempts_made:
            return NOTHING
        if message.in_doubt:
            return str(_("no: one may have arrived although no answer came back"))
        return str(_("yes"))

    @display(description=_("settled"))
    def settled(self, message: OutboxMessage) -> str:
        return local(message.settled_at, message.account.zone)


def back_to(message: OutboxMessage) -> HttpResponse:
    url = reverse("admin:sellers_outboxmessage_change", args=[message.pk])
    return HttpResponse(headers={"HX-Redirect": url})
