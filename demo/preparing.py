"""Makes the demonstration's seller, its people and what the marketplace stand-in has to know."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

from django.db import transaction

from demo.people import create_logins
from invoicing.models import InvoiceSeries
from sellers import tariffs
from sellers.models import DeliveryWindow, SellerAccount, ShippingPolicy, Sku
from sellers.seller_file.importing import import_seller

SELLER_FILE = Path(__file__).parent / "seller.json"
SLUG = "casa-aurora"
SCHEDULED_POLICY = "agendada"
WINDOW_DAYS = 5
#: Local hours, and what the slot costs on top.
WINDOWS = ((time(8), time(12), 0), (time(13), time(18), 500))
SHELVES_PER_AISLE = 8


@transaction.atomic
def prepare(*, stand_in_url: str, now: datetime) -> SellerAccount:
    """The seller with everything around it. What exists keeps what people changed in it since."""
    account = SellerAccount.objects.filter(slug=SLUG).first()
    document = _moved(stand_in_url) if account else _fresh(stand_in_url)
    account = import_seller(document, now=now).account
    InvoiceSeries.objects.get_or_create(account=account, defaults={"prefix": "CA-"})
    create_logins()
    _put_on_shelves(account)
    _open_windows(account, now)
    return account


def _fresh(stand_in_url: str) -> dict[str, Any]:
    """The whole file, with credentials made on the spot: none is known to anybody before."""
    document: dict[str, Any] = json.loads(SELLER_FILE.read_text(encoding="utf-8"))
    document["account"] |= {
        "marketplace_url": stand_in_url,
        "app_key": f"vtexappkey-casaaurora-{secrets.token_hex(3)}",
        "app_token": secrets.token_urlsafe(32),
        "inbound_app_key": f"vtexappkey-grandevitrine-{secrets.token_hex(3)}",
        "inbound_app_token": secrets.token_urlsafe(32),
        "hook_header_name": "X-Hook-Secret",
        "hook_header_value": secrets.token_urlsafe(24),
    }
    return document


def _moved(stand_in_url: str) -> dict[str, Any]:
    """Another start may use other ports; all else is as people left it."""
    return {"format": 1, "account": {"slug": SLUG, "marketplace_url": stand_in_url}}


def _put_on_shelves(account: SellerAccount) -> None:
    """A bin for every SKU that has none, such as A-03: aisle and shelf."""
    skus = list(Sku.objects.filter(account=account).order_by("ref"))
    homeless = []
    for place, sku in enumerate(skus):
        if not sku.bin_location:
            aisle, shelf = divmod(place, SHELVES_PER_AISLE)
            sku.bin_location = f"{chr(ord('A') + aisle % 26)}-{shelf + 1:02d}"
            homeless.append(sku)
    Sku.objects.bulk_update(homeless, ["bin_location"])


def _open_windows(account: SellerAccount, now: datetime) -> None:
    """Delivery windows of the next working days, where they are missing."""
    policy = ShippingPolicy.objects.filter(account=account, ref=SCHEDULED_POLICY).first()
    if policy is None:
        return
    known = set(policy.windows.values_list("starts_at", "ends_at"))
    missing = [w for w in _windows(policy, now) if (w.starts_at, w.ends_at) not in known]
    if missing:
        DeliveryWindow.objects.bulk_create(missing)
        tariffs.bump(account.pk)


def _windows(policy: ShippingPolicy, now: datetime) -> Iterator[DeliveryWindow]:
    zone = policy.account.zone
    day, opened = now.astimezone(zone).date(), 0
    while opened < WINDOW_DAYS:
        day += timedelta(days=1)
        if day.weekday() < 5:
            opened += 1
            for start, end, price_cents in WINDOWS:
                yield DeliveryWindow(
                    policy=policy,
                    starts_at=datetime.combine(day, start, zone).astimezone(UTC),
                    ends_at=datetime.combine(day, end, zone).astimezone(UTC),
                    price_cents=price_cents,
                )


def write_stand_in_settings(account: SellerAccount, *, portal_url: str, target: Path) -> None:
    """What the stand-in is started with. It holds keys, so its owner alone may read it."""
    known = {
        "account": account.marketplace_account,
        "app_key": account.app_key,
        "app_token": account.app_token,
        "portal": portal_url.rstrip("/") + account.fulfillment_path,
        "seller_id": account.seller_id,
        "inbound_key": account.inbound_app_key,
        "inbound_token": account.inbound_app_token,
        "hook_header_name": account.hook_header_name,
        "hook_header_value": account.hook_header_value,
    }
    target.parent.mkdir(parents=True, exist_ok=True)
    target.touch(mode=0o600)
    target.write_text(json.dumps(known, indent=2) + "\n", encoding="utf-8")
