"""The package that a scanned or pasted text means, by whatever of its ids it is."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q, QuerySet

from invoicing.models import Package
from invoicing.printing.codes import read_package_code


def packages_named(texts: Iterable[str]) -> tuple[list[int], list[str]]:
    """Ids of closed packages, each once and in the order of the texts; and the texts that mean
    none. A fixed number of queries for each five hundred."""
    wanted = list(dict.fromkeys(text.strip() for text in texts if text.strip()))
    found: dict[int, None] = {}
    unknown: list[str] = []
    for start in range(0, len(wanted), 500):
        part = wanted[start : start + 500]
        known = named(part)
        for text in part:
            found |= dict.fromkeys(known.get(text, ()))
            if text not in known:
                unknown.append(text)
    return list(found), unknown


def named(texts: Iterable[str], *, open_too: bool = False) -> dict[str, list[int]]:
    """Closed packages by each text: a label's code, an order's ids (all its packages), an invoice
    number or access key, a tracking number. With `open_too`, those still being packed as well."""
    texts = list(texts)
    plain = {text: "".join(text.split()) for text in texts}
    by_code = {text: read_package_code(text) for text in texts}
    orders = {code[0] for code in by_code.values() if code} | set(texts)
    packages = Package.objects.order_by("pk")
    if not open_too:
        packages = packages.filter(status=Package.Status.CLOSED)
    index = _index(packages, orders=orders, texts=set(texts) | set(plain.values()))
    answer = {}
    for text in texts:
        code = by_code[text]
        key = ("code", f"{code[0]}/{code[1]}") if code else ("any", text)
        ids = index.get(key) or index.get(("any", plain[text]))
        if ids:
            answer[text] = ids
    return answer


def _index(
    packages: QuerySet[Package], *, orders: set[str], texts: set[str]
) -> dict[tuple[str, str], list[int]]:
    index: dict[tuple[str, str], list[int]] = {}

    def add(key: tuple[str, str], pk: int) -> None:
        ids = index.setdefault(key, [])
        if pk not in ids:
            ids.append(pk)

    of_orders = Q(order__seller_order_id__in=orders) | Q(order__marketplace_order_id__in=texts)
    rows = packages.filter(of_orders).values_list(
        "pk", "number", "order__seller_order_id", "order__marketplace_order_id"
    )
    for pk, number, ours, theirs in rows:
        add(("code", f"{ours}/{number}"), pk)
        add(("any", ours), pk)
        add(("any", theirs), pk)
    for pk, tracking in packages.filter(tracking_number__in=texts).values_list(
        "pk", "tracking_number"
    ):
        add(("any", tracking), pk)
    papers = packages.filter(
        Q(invoices__number__in=texts) | Q(invoices__key__in=texts - {""}), invoices__voided_at=None
    )
    for pk, invoice, key in papers.values_list("pk", "invoices__number", "invoices__key"):
        add(("any", invoice), pk)
        add(("any", key), pk)
    return index
