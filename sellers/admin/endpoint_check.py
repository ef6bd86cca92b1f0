"""Asks an account's own fulfilment endpoint what the marketplace would ask it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import requests
from django.utils.translation import gettext as _

from sellers.models import SellerAccount, Sku

TIMEOUT_SECONDS = (3.05, 10.0)


@dataclass(frozen=True)
class Outcome:
    worked: bool
    sentence: str


def check_endpoint(account: SellerAccount, address: str) -> Outcome:
    """One indexation simulation of one SKU for sale, over HTTP, with the stored credentials."""
    sku = Sku.objects.filter(account=account, is_active=True, price_cents__isnull=False).first()
    if sku is None:
        return Outcome(False, _("There is no active SKU with a price to ask for."))
    started = time.monotonic()
    try:
        answer = _ask(account, address, sku)
    except requests.RequestException as error:
        return Outcome(False, _("No answer: %(error)s") % {"error": type(error).__name__})
    return _judge(answer, sku, int((time.monotonic() - started) * 1000))


def _ask(account: SellerAccount, address: str, sku: Sku) -> requests.Response:
    return requests.post(
        f"{address}/pvt/orderForms/simulation",
        params={"an": account.marketplace_account},
        json={"items": [{"id": sku.ref, "quantity": 1, "seller": account.seller_id}]},
        headers={
            "X-VTEX-API-AppKey": account.inbound_app_key,
            "X-VTEX-API-AppToken": account.inbound_app_token,
        },
        timeout=TIMEOUT_SECONDS,
        allow_redirects=False,
    )


def _judge(answer: requests.Response, sku: Sku, took_ms: int) -> Outcome:
    facts: dict[str, Any] = {"status": answer.status_code, "sku": sku.ref, "ms": took_ms}
    if answer.status_code != requests.codes.ok:
        return Outcome(False, _("Answered with HTTP status %(status)s.") % facts)
    try:
        items = answer.json()["items"]
    except (ValueError, KeyError, TypeError):
        return Outcome(False, _("The answer is not what the marketplace can read."))
    if not items:
        return Outcome(False, _("It answered, but without SKU %(sku)s.") % facts)
    return Outcome(True, _("It works: SKU %(sku)s was priced in %(ms)s ms.") % facts)
