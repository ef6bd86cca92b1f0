"""On an account's page: its hook and feed at the marketplace, looked at, made and removed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminSelectWidget

from sellers.admin.refusals import sentence
from sellers.errors import DomainError
from sellers.marketplace import subscribing
from sellers.models import SellerAccount

_CHANGES: dict[str, Callable[..., None]] = {
    "create-hook": subscribing.create_hook,
    "create-feed": subscribing.create_feed,
    "remove-hook": subscribing.remove_hook,
    "remove-feed": subscribing.remove_feed,
}


class ChangeForm(BaseDialogForm):
    change = forms.ChoiceField(
        label=_("What to do"),
        choices=[
            ("create-hook", _("register the hook: the marketplace calls this portal")),
            ("create-feed", _("make a feed: this portal asks the marketplace")),
            ("remove-hook", _("remove the hook")),
            ("remove-feed", _("remove the feed")),
        ],
        widget=UnfoldAdminSelectWidget,
    )


class Subscriptions:
    """Actions of the account's page; who may change accounts may use them."""

    @display(description=_("News of orders"))
    def news_of_orders(self, obj: SellerAccount) -> str:
        hook = _("by hook") if obj.has_hook else ""
        feed = _("by feed") if obj.reads_feed else ""
        return ", ".join(str(way) for way in (hook, feed) if way) or gettext("by comparison only")

    @action(
        description=_("Check hook and feed"),
        url_path="check-events",
        icon="rss_feed",
        permissions=["connect"],
        dialog={
            "title": _("Ask the marketplace what is configured?"),
            "description": _("Hook and feed belong to the app key of this account."),
            "form_class": None,
            "form_submit_text": _("Ask"),
        },
    )
    def check_events(
        self, request: HttpRequest, form: BaseDialogForm, object_id: str
    ) -> HttpResponse:
        account = get_object_or_404(SellerAccount, pk=object_id)
        return _done(request, account, lambda: _report(request, account))

    @action(
        description=_("Change hook or feed"),
        url_path="change-events",
        icon="settings_input_antenna",
        permissions=["connect"],
        dialog={
            "title": _("How should news of orders come?"),
            "description": _("Both together are best: the feed is the hook's safety net."),
            "form_class": ChangeForm,
            "form_submit_text": _("Do it"),
        },
    )
    def change_events(self, request: HttpRequest, form: ChangeForm, object_id: str) -> HttpResponse:
        account = get_object_or_404(SellerAccount, pk=object_id)
        change = _CHANGES[form.cleaned_data["change"]]

        def act() -> None:
            change(account=account, clock=timezone.now)
            messages.success(request, gettext("Done."))

        return _done(request, account, act)


def _report(request: HttpRequest, account: SellerAccount) -> None:
    there = subscribing.present(account=account, clock=timezone.now)
    for way, config in ((_("Hook"), there.hook), (_("Feed"), there.feed)):
        said = _("%(way)s: %(how)s") % {"way": way, "how": _in_words(config)}
        messages.add_message(request, messages.INFO if config else messages.WARNING, said)


def _in_words(config: dict[str, Any] | None) -> str:
    wanted = (config or {}).get("filter")
    if not isinstance(wanted, dict):
        return gettext("none")
    statuses = wanted.get("status")
    count = len(statuses) if isinstance(statuses, list) else 0
    return gettext("%(type)s, %(count)d statuses") % {"type": wanted.get("type"), "count": count}


def _done(request: HttpRequest, account: SellerAccount, act: Callable[[], None]) -> HttpResponse:
    """Do it, or say why not; then close the dialog and show the account again."""
    try:
        act()
    except DomainError as refusal:
        messages.error(request, sentence(refusal))
    url = reverse("admin:sellers_selleraccount_change", args=[account.pk])
    return HttpResponse(headers={"HX-Redirect": url})
