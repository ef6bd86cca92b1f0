"""What staff ask: a SKU and a postal code, or a whole request; and what the core makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django import forms
from django.utils.translation import gettext_lazy as _

from sellers.errors import DomainError
from sellers.models import SellerAccount
from simulation import snapshot, wire
from simulation.explain import Explanation, explain
from simulation.types import Cart, Snapshot

MOST_CHARACTERS = 200_000


class AskForm(forms.Form):
    """Account, and either the few fields that matter or a request as the marketplace sends it."""

    account = forms.ModelChoiceField(
        SellerAccount.objects.all(), label=_("Account"), empty_label=None
    )
    sku = forms.CharField(label=_("SKU id"), max_length=100, required=False)
    quantity = forms.IntegerField(
        label=_("Quantity"), min_value=1, max_value=wire.MOST_UNITS, initial=1
    )
    postal_code = forms.CharField(label=_("Postal code"), max_length=12, required=False)
    country = forms.CharField(label=_("Country"), max_length=3, required=False)
    sales_channel = forms.CharField(label=_("Sales channel"), max_length=20, required=False)
    body = forms.CharField(
        label=_("Or a whole request, as JSON"),
        max_length=MOST_CHARACTERS,
        required=False,
        widget=forms.Textarea({"rows": 8, "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["quantity"].required = False
        self.fields["sales_channel"].widget.attrs["placeholder"] = wire.DEFAULT_SALES_CHANNEL

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not cleaned.get("body") and not cleaned.get("sku") and "sku" not in self.errors:
            self.add_error("sku", _("Give a SKU id, or paste a request."))
        return cleaned

    def request_body(self) -> bytes:
        """The request that is asked: the pasted one, else one made of the fields."""
        given = self.cleaned_data
        if given["body"]:
            return str(given["body"]).encode()
        account: SellerAccount = given["account"]
        item = {"id": given["sku"], "quantity": given["quantity"] or 1, "seller": account.seller_id}
        document: dict[str, Any] = {"items": [item]}
        if given["postal_code"]:
            country = given["country"] or account.country
            document |= {"postalCode": given["postal_code"], "country": country}
        return orjson.dumps(document)


@dataclass(frozen=True)
class Asked:
    """The explanation, or the refusal the marketplace would get."""

    cart: Cart | None = None
    snapshot: Snapshot | None = None
    explanation: Explanation | None = None
    status: int = 200
    refusal: str = ""


def ask(account: SellerAccount, body: bytes, *, sales_channel: str | None, now: datetime) -> Asked:
    """The same parsing, reading and core as the endpoint's, told instead of rendered."""
    try:
        cart = wire.parse(body, sales_channel=sales_channel)
    except wire.Malformed as error:
        return Asked(status=400, refusal=str(error))
    return ask_cart(account, cart, now=now)


def ask_cart(account: SellerAccount, cart: Cart, *, now: datetime) -> Asked:
    nobody: Mapping[str, str] = {}
    try:
        known = snapshot.load(endpoint_key=account.endpoint_key, headers=nobody, cart=cart, now=now)
    except DomainError as error:
        return Asked(cart=cart, status=error.status, refusal=error.message)
    told = explain(cart, known, now, currency=account.currency)
    return Asked(cart, known, told)
