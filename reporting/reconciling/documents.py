"""What the marketplace's order document says, as far as we compare it. Pure.

Documents come from outside: whatever is missing or of another type reads as nothing, and names of
people are not read at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sellers.money import Cents


@dataclass(frozen=True)
class Paper:
    """An invoice: what was invoiced and, once known, where it is."""

    number: str
    kind: str
    cents: Cents
    tracking: str = ""
    #: The row behind it on our side: the message, and the package.
    message_id: int | None = None
    package_id: int | None = None


@dataclass(frozen=True)
class Side:
    """An order as one side has it. `discounts` is not above zero; `units` are by SKU id."""

    status: str
    total: Cents
    items: Cents
    discounts: Cents
    freight: Cents
    units: Mapping[str, int]
    lines: int
    papers: Mapping[str, Paper]


def read(document: Mapping[str, Any]) -> Side:
    sums = {str(row.get("id")): cents(row.get("value")) for row in _rows(document, "totals")}
    return Side(
        status=str(document.get("status") or ""),
        total=cents(document.get("value")),
        items=sums.get("Items", 0),
        discounts=sums.get("Discounts", 0),
        freight=sums.get("Shipping", 0),
        units=_units(document),
        lines=len(list(_rows(document, "items"))),
        papers={paper.number: paper for paper in _papers(document)},
    )


def sellers_of(document: Mapping[str, Any]) -> set[str]:
    """Whose order it is, by the ids the marketplace has for its sellers."""
    named = {str(row.get("id")) for row in _rows(document, "sellers")}
    return named or {str(row.get("seller")) for row in _rows(document, "items")}


def _units(document: Mapping[str, Any]) -> dict[str, int]:
    """By our own SKU id; the document's other id is the marketplace's."""
    units: Counter[str] = Counter()
    for row in _rows(document, "items"):
        units[str(row.get("sellerSku") or row.get("id") or "")] += cents(row.get("quantity"))
    return dict(units)


def _papers(document: Mapping[str, Any]) -> Iterator[Paper]:
    attachment = document.get("packageAttachment")
    for row in _rows(attachment if isinstance(attachment, dict) else {}, "packages"):
        yield Paper(
            number=str(row.get("invoiceNumber") or ""),
            kind=str(row.get("type") or "Output"),
            cents=cents(row.get("invoiceValue")),
            tracking=str(row.get("trackingNumber") or ""),
        )


def _rows(document: Mapping[str, Any], key: str) -> Iterator[Mapping[str, Any]]:
    rows = document.get(key)
    return (row for row in (rows if isinstance(rows, list) else ()) if isinstance(row, dict))


def cents(value: Any) -> int:
    """A whole number, also when it is written as a text or with a fraction of zero."""
    try:
        return round(float(value))
    except (TypeError, ValueError, OverflowError):
        return 0
