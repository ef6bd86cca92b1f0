"""An explanation with what the page adds to it: names of SKUs, links to shelves and ledgers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson
from django.urls import reverse

from sellers.models import SellerAccount, Sku, StockLevel
from simulation.explain import Explanation, LineStory, ShelfStory


@dataclass(frozen=True)
class Shelf:
    story: ShelfStory
    level_link: str
    ledger_link: str


@dataclass(frozen=True)
class Line:
    story: LineStory
    name: str
    link: str
    shelves: list[Shelf]


def lines(told: Explanation, account: SellerAccount) -> list[Line]:
    """Two queries, however many lines and shelves."""
    skus = _skus(told, account)
    levels = _levels(told)
    return [_line(story, skus.get(story.ref), levels) for story in told.lines]


def pretty(answer: bytes) -> str:
    return orjson.dumps(orjson.loads(answer), option=orjson.OPT_INDENT_2).decode()


def _skus(told: Explanation, account: SellerAccount) -> dict[str, Sku]:
    refs = {line.ref for line in told.lines if "\0" not in line.ref}
    known = Sku.objects.filter(account=account, ref__in=refs).only("id", "ref", "name")
    return {sku.ref: sku for sku in known}


def _levels(told: Explanation) -> dict[tuple[int, int], int]:
    shelves: Iterable[ShelfStory] = (shelf for line in told.lines for shelf in line.shelves)
    skus = {shelf.sku_id for shelf in shelves}
    rows = StockLevel.objects.filter(sku__in=skus).values_list("sku", "warehouse", "pk").order_by()
    return {(sku, warehouse): pk for sku, warehouse, pk in rows}


def _line(story: LineStory, sku: Sku | None, levels: dict[tuple[int, int], int]) -> Line:
    return Line(
        story=story,
        name=sku.name if sku else "",
        link=reverse("admin:sellers_sku_change", args=[sku.pk]) if sku else "",
        shelves=[
            _shelf(shelf, levels.get((shelf.sku_id, shelf.warehouse_id))) for shelf in story.shelves
        ],
    )


def _shelf(story: ShelfStory, level: Any) -> Shelf:
    if level is None:
        return Shelf(story, "", "")
    ledger = reverse("admin:sellers_stockmovement_changelist")
    return Shelf(
        story, reverse("admin:sellers_stocklevel_change", args=[level]), f"{ledger}?level={level}"
    )
