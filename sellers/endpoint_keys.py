"""A new address for the marketplace to call, with time to register it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sellers.credentials import new_endpoint_key
from sellers.models import SellerAccount


def replace(account: SellerAccount, *, former_answers_for: timedelta, now: datetime) -> None:
    """Give the account a new endpoint key; the present one answers a while longer, or not at all.

    A key that was on its way out already stops answering.
    """
    account.old_endpoint_key = account.endpoint_key if former_answers_for else ""
    account.old_endpoint_key_until = now + former_answers_for if former_answers_for else None
    account.endpoint_key = new_endpoint_key()
    account.save(update_fields=["endpoint_key", "old_endpoint_key", "old_endpoint_key_until"])
