"""Seller accounts: the connection to a marketplace. Secrets go in and never come out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminSelectWidget

from sellers import endpoint_keys, tariffs
from sellers.admin.base import PortalAdmin, who
from sellers.admin.endpoint_check import check_endpoint
from sellers.admin.refusals import sentence
from sellers.admin.subscriptions import Subscriptions
from sellers.credentials import hint
from sellers.errors import DomainError
from sellers.marketplace import deciding
from sellers.models import SellerAccount

#: Each secret, and the name it goes with: without the name the secret has no use and is dropped.
SECRETS = {
    "app_token": "app_key",
    "inbound_app_token": "inbound_app_key",
    "hook_header_value": "hook_header_name",
}
#: What the compiled tariffs hold of the account itself.
IN_TARIFFS = {"country", "currency", "timezone", "is_active"}

#: With these mended, what the marketplace refused for them goes out again.
IN_CREDENTIALS = {"app_key", "app_token", "marketplace_url"}


class AccountForm(forms.ModelForm[SellerAccount]):
    """Secret boxes start empty; left empty, the stored secret stays."""

    class Meta:
        model = SellerAccount
        fields = (
            "name",
            "slug",
            "is_active",
            "marketplace_account",
            "seller_id",
            "marketplace_url",
            "affiliate_id",
            "dialect",
            "services_hosts",
            "app_key",
            "app_token",
            "inbound_app_key",
            "inbound_app_token",
            "hook_header_name",
            "hook_header_value",
            "country",
            "currency",
            "timezone",
            "hold_minutes",
            "max_hold_minutes",
            "tax_id",
            "invoices_carry_freight",
            "invoice_values_as_text",
            "announces_handling",
            "follow_up_email",
            "price_rule",
            "price_tolerance_percent",
            "price_tolerance_cents",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if tolerance := self.fields.get("price_tolerance_percent"):
            tolerance.localize = tolerance.widget.is_localized = True
        for name in SECRETS.keys() & self.fields.keys():
            stored = str(getattr(self.instance, name))
            self.initial[name] = ""
            self.fields[name] = forms.CharField(
                label=self.fields[name].label,
                required=False,
                widget=UnfoldAdminPasswordWidget({"autocomplete": "new-password"}),
                help_text=_("Stored: %(hint)s. Leave empty to keep it.") % {"hint": hint(stored)}
                if stored
                else _("Nothing is stored yet."),
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for secret, name in SECRETS.items():
            if secret in cleaned:
                typed = cleaned[secret] or getattr(self.instance, secret)
                cleaned[secret] = typed if cleaned.get(name) else ""
        return cleaned


class ReplaceKeyForm(BaseDialogForm):
    hours = forms.ChoiceField(
        label=_("The present address"),
        choices=[
            ("24", _("goes on answering for a day")),
            ("1", _("goes on answering for an hour")),
            ("0", _("stops at once: it has become known to others")),
        ],
        widget=UnfoldAdminSelectWidget,
    )


@admin.register(SellerAccount)
class SellerAccountAdmin(Subscriptions, PortalAdmin):
    form = AccountForm
    list_display = ("name", "marketplace_account", "seller_id", "slug", "is_active")
    search_fields = ("slug", "name", "seller_id", "marketplace_account")
    search_help_text = _("Name, seller id or marketplace account")
    readonly_fields = ("endpoint_address", "news_of_orders", "created_at")
    actions_detail = ("test_endpoint", "check_events", "change_events", "rotate_endpoint_key")
    fieldsets = (
        (None, {"fields": (("name", "slug"), "is_active", "endpoint_address")}),
        (
            _("At the marketplace"),
            {
                "fields": (
                    ("marketplace_account", "seller_id"),
                    "marketplace_url",
                    ("dialect", "services_hosts"),
                    "affiliate_id",
                    "news_of_orders",
                )
            },
        ),
        (
            _("What we send"),
            {"fields": (("app_key", "app_token"),)},
        ),
        (
            _("What the marketplace must send"),
            {
                "fields": (
                    ("inbound_app_key", "inbound_app_token"),
                    ("hook_header_name", "hook_header_value"),
                )
            },
        ),
        (
            _("Place and money"),
            {"fields": (("country", "currency"), "timezone")},
        ),
        (
            _("Invoices"),
            {
                "fields": (
                    "tax_id",
                    ("invoices_carry_freight", "invoice_values_as_text"),
                    "announces_handling",
                )
            },
        ),
        (
            _("Orders"),
            {
                "fields": (
                    ("hold_minutes", "max_hold_minutes"),
                    "price_rule",
                    ("price_tolerance_percent", "price_tolerance_cents"),
                    "follow_up_email",
                )
            },
        ),
    )

    def get_fieldsets(self, request: HttpRequest, obj: SellerAccount | None = None) -> Any:
        """Who may not change an account sees no secret of it, not even its address."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return fieldsets
        secret = {"endpoint_address", *SECRETS}
        return [
            (title, {**options, "fields": _without(options["fields"], secret)})
            for title, options in fieldsets
        ]

    def has_delete_permission(self, request: HttpRequest, obj: SellerAccount | None = None) -> bool:
        """An account is switched off, not deleted: its orders and messages are kept."""
        return False

    def save_model(self, request: HttpRequest, obj: SellerAccount, form: Any, change: bool) -> None:
        if not change:
            super().save_model(request, obj, form, change)
            return
        # Only what was changed: the tariff revision may have moved on since the form was read.
        # A secret may go although its box was not touched: with the name it belongs to.
        touched = {*form.changed_data, *SECRETS} & _columns()
        obj.save(update_fields=sorted(touched))
        if IN_TARIFFS & set(form.changed_data):
            tariffs.bump(obj.pk)
        if IN_CREDENTIALS & set(form.changed_data):
            self._send_what_was_stopped(request, obj)

    def _send_what_was_stopped(self, request: HttpRequest, account: SellerAccount) -> None:
        try:
            deciding.resume(account=account, actor=who(request), now=timezone.now())
        except DomainError as refusal:
            messages.warning(request, sentence(refusal))

    def has_connect_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("sellers.change_selleraccount")

    @display(description=_("Fulfilment endpoint to register in VTEX"))
    def endpoint_address(self, obj: SellerAccount) -> str:
        if obj._state.adding:
            return str(_("Made when the account is saved."))
        # The page's own host completes it (portal.js), as VTEX must call the host we are seen at.
        return format_html(
            '<span class="portal-copy"><code data-absolute="{0}">{0}</code>'
            '<button type="button" data-copy data-copied="{2}">{1}</button></span>',
            obj.fulfillment_path,
            _("Copy"),
            _("Copied"),
        )

    @action(
        description=_("Test endpoint"),
        url_path="test-endpoint",
        icon="network_check",
        permissions=["connect"],
        dialog={
            "title": _("Test the fulfilment endpoint"),
            "description": _(
                "Asks the address registered in VTEX for the price of one SKU, "
                "over the network and with the stored credentials, as the marketplace does."
            ),
            "form_class": None,
            "form_submit_text": _("Test"),
        },
    )
    def test_endpoint(
        self, request: HttpRequest, form: BaseDialogForm, object_id: str
    ) -> HttpResponse:
        account = get_object_or_404(SellerAccount, pk=object_id)
        outcome = check_endpoint(account, request.build_absolute_uri(account.fulfillment_path))
        messages.add_message(
            request, messages.SUCCESS if outcome.worked else messages.ERROR, outcome.sentence
        )
        return back_to(account)

    @action(
        description=_("New endpoint key"),
        url_path="rotate-endpoint-key",
        icon="key",
        permissions=["connect"],
        dialog={
            "title": _("Replace the endpoint key?"),
            "description": _("The new address must then be registered in VTEX."),
            "form_class": ReplaceKeyForm,
            "form_submit_text": _("Replace the key"),
        },
    )
    def rotate_endpoint_key(
        self, request: HttpRequest, form: ReplaceKeyForm, object_id: str
    ) -> HttpResponse:
        account = get_object_or_404(SellerAccount, pk=object_id)
        hours = timedelta(hours=int(form.cleaned_data["hours"]))
        endpoint_keys.replace(account, former_answers_for=hours, now=timezone.now())
        self.log_change(request, account, [{"changed": {"fields": [str(_("endpoint key"))]}}])
        messages.warning(request, _("The key was replaced. Register the new address in VTEX now."))
        return back_to(account)


def back_to(account: SellerAccount) -> HttpResponse:
    """Closes the dialog and shows the account again."""
    url = reverse("admin:sellers_selleraccount_change", args=[account.pk])
    return HttpResponse(headers={"HX-Redirect": url})


def _columns() -> set[str]:
    return {field.name for field in SellerAccount._meta.concrete_fields}


def _without(fields: Any, hidden: set[str]) -> list[Any]:
    kept: list[Any] = []
    for field in fields:
        if isinstance(field, str):
            kept += [] if field in hidden else [field]
        elif row := tuple(name for name in field if name not in hidden):
            kept.append(row)
    return kept
