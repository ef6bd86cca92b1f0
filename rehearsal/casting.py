"""Which goods the rehearsal buys, and where to: what the seller's own quotes say it delivers."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.stage import Stage
from sellers.errors import DomainError
from sellers.models import FreightRate, Sku

#: In the middle of the largest cities: most sellers deliver to one of them.
_CITIES = ("01310-100", "22250-040", "30130-010", "80250-000", "90010-150", "40026-010")
_TRIED = 40
ENOUGH_UNITS = 20


def cast(stage: Stage, *, postal_code: str) -> None:
    """Find goods and a destination for `stage`. Raises DomainError when nothing can be delivered,
    with the places that were tried."""
    refs = list(
        Sku.objects.filter(account=stage.account, is_active=True)
        .order_by("ref")
        .values_list("ref", flat=True)
    )
    tried = [postal_code] if postal_code else list(_places(stage))
    for place in tried:
        goods = _deliverable(stage, refs, place)
        if goods:
            stage.goods, stage.postal_code = goods, place
            return
    raise DomainError(
        "nowhere",
        f"None of {len(refs)} SKUs is delivered to any of: {', '.join(tried[:8]) or 'nowhere'}. "
        "Name a postal code you deliver to: --postal-code.",
    )


def _places(stage: Stage) -> Iterator[str]:
    """Cities, then the beginnings of the seller's own postal ranges."""
    if stage.account.country == "BRA":
        yield from _CITIES
    rates = FreightRate.objects.filter(
        policy__account=stage.account, policy__is_active=True, country=stage.account.country
    )
    starts = rates.order_by("postal_from").values_list("postal_from", flat=True).distinct()
    yield from starts[:_TRIED]


def _deliverable(stage: Stage, refs: list[str], place: str) -> list[str]:
    items = [{"id": ref, "quantity": ENOUGH_UNITS} for ref in refs]
    answer = stage.market.checkout(items, postalCode=place, country=stage.account.country)
    if answer["httpStatus"] != 200:
        raise DomainError("no-quote", f"The portal does not quote: HTTP {answer['httpStatus']}.")
    rows = {row["itemIndex"]: row for row in answer["answer"]["logisticsInfo"]}
    return [
        ref
        for index, ref in enumerate(refs)
        if index in rows and rows[index]["quantity"] == ENOUGH_UNITS and _by_van(rows[index])
    ]


def _by_van(row: dict[str, list[dict[str, str]]]) -> bool:
    return any(sla["deliveryChannel"] == "delivery" for sla in row["slas"])
