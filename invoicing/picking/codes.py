"""What a scanned or typed code says away from the packing table: which SKU, how many units."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from django.db.models import Q

from invoicing.scanning import clean
from sellers.models import CaseBarcode, Sku

_COUNTED = re.compile(r"(\d{1,4})\s*[*×]\s*(.+)")


def counted(code: str) -> tuple[int, str]:
    """`3*code` is three of it."""
    code = clean(code)
    found = _COUNTED.fullmatch(code)
    return (int(found[1]), found[2]) if found else (1, code)


def among(skus: Iterable[Sku], code: str) -> tuple[Sku, int] | None:
    """The one with this EAN, SKU id, reference code or case barcode; how many units a scan is."""
    known = {sku.pk: sku for sku in skus}
    for sku in known.values():
        if code and code in (sku.ean, sku.ref, sku.ref_code):
            return sku, 1
    case = CaseBarcode.objects.filter(barcode=code, sku__in=known).order_by("pk").first()
    return (known[case.sku_id], case.units) if case else None


def with_code(code: str, *, account_ids: Collection[int]) -> tuple[Sku, int] | None:
    """The same among all SKUs of these accounts; each kind of code by an index of its own."""
    if not code:
        return None
    ours = Sku.objects.filter(account__in=account_ids).order_by("pk")
    named = Q(ref=code, account__in=account_ids) | Q(ean=code) | Q(ref_code=code)
    sku = ours.filter(named).first()
    if sku is not None:
        return sku, 1
    cases = CaseBarcode.objects.filter(barcode=code, sku__account__in=account_ids)
    case = cases.select_related("sku").order_by("pk").first()
    return (case.sku, case.units) if case else None
