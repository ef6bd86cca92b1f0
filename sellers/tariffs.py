"""The revision that tells workers when their compiled tariffs are stale."""

from __future__ import annotations

from django.db.models import F

from sellers.models import SellerAccount


def bump(account_id: int) -> None:
    """Raise the account's tariff revision, in the caller's transaction.

    Called with every change of policies, rates, windows, pickup points and warehouses: the change
    and its revision become visible together, so nobody quotes from what is no longer true.
    """
    SellerAccount.objects.filter(pk=account_id).update(tariff_revision=F("tariff_revision") + 1)
