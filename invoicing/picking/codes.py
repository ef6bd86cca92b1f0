"""What a scanned or typed code says away from the packing table: which SKU, how many units."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from django.db.models import Q, QuerySet

from invoicing.scanning import clean
from sellers.models import Sku

_COUNTED = re.compile(r"(\d{1,4})\s*[*×]\s*(.+)")


def counted(code: str) -> tuple[int, str]:
    """`3*code` is three of it."""
    code = clean(code)
    found = _COUNTED.fullmatch(code)
    return (int(found[1]), found[2]) if found else (1, code)


def among(skus: Iterable[Sku], code: str) -> Sku | None:
    """The one with this EAN, SKU id or reference code."""
    return next((sku for sku in skus if code and code in (sku.ean, sku.ref, sku.ref_code)), None)


def with_code(code: str, *, account_ids: Collection[int]) -> QuerySet[Sku]:
    """SKUs of these accounts with this EAN, SKU id or reference code."""
    named = Q(ref=code, account__in=account_ids) | Q(ean=code) | Q(ref_code=code)
    return Sku.objects.filter(named, account__in=account_ids).order_by("pk")
