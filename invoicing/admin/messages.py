"""Messages about invoices and packages can be put right; what that means is known up here only."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminTextInputWidget

from invoicing import correcting, nfe_document, tracking
from invoicing.models import Invoice, Package
from orders.models import Order
from sellers.admin.base import who
from sellers.admin.outbox import OutboxMessageAdmin, back_to
from sellers.admin.refusals import sentence
from sellers.errors import DomainError
from sellers.marketplace import deciding
from sellers.models import OutboxMessage

Kind = OutboxMessage.Kind
_TEXT = UnfoldAdminTextInputWidget({"autocomplete": "off"})


def _package_of(message: OutboxMessage) -> Package | None:
    """The package whose tracking the message tells; its key names the invoice."""
    invoice_id = message.key.split("/")[1]
    live = Package.objects.filter(invoices__pk=invoice_id).select_related("order__account")
    return live.first()


class _DayInput(UnfoldAdminTextInputWidget):
    """The browser's own calendar, which speaks ISO whatever the reader's language."""

    input_type = "date"

    def format_value(self, value: Any) -> str | None:
        return value.isoformat() if isinstance(value, date) else value


class InvoiceForm(BaseDialogForm):
    number = forms.CharField(
        label=_("Number"),
        required=False,
        max_length=60,
        widget=_TEXT,
        help_text=_("Empty: the next of the account's series."),
    )
    key = forms.CharField(label=_("Access key"), required=False, max_length=60, widget=_TEXT)
    url = forms.CharField(
        label=_("Address of the invoice"), required=False, max_length=500, widget=_TEXT
    )
    document = forms.FileField(
        label=_("The invoice's XML"),
        required=False,
        widget=UnfoldAdminFileFieldWidget,
        help_text=_("Needed again only when the number changes."),
    )

    def __init__(self, request: HttpRequest, object_id: Any, data: Any = None) -> None:
        found = get_object_or_404(Invoice, message=object_id)
        now = {"number": found.number, "key": found.key, "url": found.url}
        files = request.FILES if data else None
        super().__init__(request, object_id, data=data, files=files, initial=now)


class TrackingForm(BaseDialogForm):
    courier = forms.CharField(label=_("Carrier"), max_length=100, widget=_TEXT)
    number = forms.CharField(label=_("Tracking number"), max_length=100, widget=_TEXT)
    url = forms.CharField(label=_("Tracking address"), required=False, widget=_TEXT)
    dispatched_on = forms.DateField(label=_("Handed over on"), widget=_DayInput)

    def __init__(self, request: HttpRequest, object_id: Any, data: Any = None) -> None:
        package = _package_of(get_object_or_404(OutboxMessage, pk=object_id))
        now = _tracking_now(package) if package else {}
        super().__init__(request, object_id, data=data, initial=now)


def _tracking_now(package: Package) -> dict[str, Any]:
    handed_over = package.dispatched_at or timezone.now()
    return {
        "courier": package.courier,
        "number": package.tracking_number,
        "url": package.tracking_url,
        "dispatched_on": timezone.localdate(handed_over, package.order.account.zone),
    }


def _with_order_link(fields: Any) -> Any:
    if isinstance(fields, str):
        return "shown_order" if fields == "subject" else fields
    return tuple(_with_order_link(field) for field in fields)


admin.site.unregister(OutboxMessage)


@admin.register(OutboxMessage)
class CorrectableMessageAdmin(OutboxMessageAdmin):
    """The ground floor's screen, with what can be put right about an invoice and a package."""

    actions_detail = ("correct_invoice", "correct_tracking", "resend", "dismiss")
    fieldsets = tuple(
        (title, {"fields": _with_order_link(options["fields"])})
        for title, options in OutboxMessageAdmin.fieldsets
    )
    readonly_fields = (*OutboxMessageAdmin.readonly_fields, "shown_order")

    def get_queryset(self, request: HttpRequest) -> QuerySet[OutboxMessage]:
        found: QuerySet[OutboxMessage] = super().get_queryset(request)
        known = {"account": OuterRef("account"), "marketplace_order_id": OuterRef("subject")}
        return found.annotate(order_pk=Subquery(Order.objects.filter(**known).values("pk")[:1]))

    @display(description=_("Marketplace order id"))
    def shown_order(self, message: OutboxMessage) -> str:
        """Its order is one click away: what to do often depends on it."""
        if (found := getattr(message, "order_pk", None)) is None:
            return message.subject
        url = reverse("admin:orders_order_change", args=[found])
        return format_html('<a class="text-link" href="{}">{}</a>', url, message.subject)

    def _correctable(self, request: HttpRequest, object_id: Any, kind: Kind) -> bool:
        if not request.user.has_perm("sellers.change_outboxmessage"):
            return False
        message = OutboxMessage.objects.filter(pk=object_id, kind=kind).first()
        return message is not None and deciding.why_not_amend(message) is None

    def has_mend_invoice_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._correctable(request, object_id, Kind.INVOICE)

    def has_mend_tracking_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._correctable(request, object_id, Kind.TRACKING)

    @action(
        description=pgettext_lazy("say again, mended", "Correct"),
        url_path="correct-invoice",
        icon="edit",
        permissions=["mend_invoice"],
        dialog={
            "title": _("Correct the invoice and send it again?"),
            "description": _(
                "Its items and its value stay: they are the package's. Should the marketplace show "
                "this very invoice already, dismiss the message instead."
            ),
            "form_class": InvoiceForm,
            "form_submit_text": _("Send the corrected invoice"),
        },
    )
    def correct_invoice(
        self, request: HttpRequest, form: InvoiceForm, object_id: str
    ) -> HttpResponse:
        message = get_object_or_404(OutboxMessage, pk=object_id)
        said = dict(form.cleaned_data)
        file = said["document"]
        try:
            correcting.correct(
                invoice=get_object_or_404(Invoice, message=message),
                number=said["number"],
                key=said["key"],
                url=said["url"],
                # One byte more than may be: enough to be told that it is too large.
                document=bytes(file.read(nfe_document.LONGEST + 1)) if file else b"",
                now=timezone.now(),
                actor=who(request),
            )
        except DomainError as refusal:
            messages.error(request, sentence(refusal))
        else:
            messages.success(request, _("The corrected invoice is sent now."))
        return back_to(message)

    @action(
        description=pgettext_lazy("say again, mended", "Correct"),
        url_path="correct-tracking",
        icon="edit",
        permissions=["mend_tracking"],
        dialog={
            "title": _("Correct the tracking and send it again?"),
            "description": _("The package keeps what is entered here."),
            "form_class": TrackingForm,
            "form_submit_text": _("Send the corrected tracking"),
        },
    )
    def correct_tracking(
        self, request: HttpRequest, form: TrackingForm, object_id: str
    ) -> HttpResponse:
        message = get_object_or_404(OutboxMessage, pk=object_id)
        package = _package_of(message)
        said = {name: form.cleaned_data[name] for name in ("courier", "number", "url")}
        try:
            if package is not None:
                tracking.enter_tracking(
                    package=package,
                    **said,
                    dispatched_on=form.cleaned_data["dispatched_on"],
                    now=timezone.now(),
                    actor=who(request),
                )
        except DomainError as refusal:
            messages.error(request, sentence(refusal))
        else:
            messages.success(request, _("The corrected tracking is sent now."))
        return back_to(message)
