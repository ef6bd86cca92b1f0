"""The order system's list: which orders were created in a span of time, page by page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from sandbox.orders import Order
from sandbox.wire import Json, Refused

MOST_A_PAGE, LAST_PAGE = 100, 30
_SPAN = re.compile(r"creationDate:\[(\S+) TO (\S+)\]")


def listed(orders: Iterable[Order], query: Mapping[str, str]) -> Json:
    """Oldest first. Raises Refused(400) for a span, page or size that VTEX would not take."""
    begin, end = _span(query.get("f_creationDate", ""))
    size = _number(query.get("per_page", "15"), "per_page", MOST_A_PAGE)
    page = _number(query.get("page", "1"), "page", LAST_PAGE)
    found = [order for order in orders if begin <= _created(order) <= end]
    found.sort(key=lambda order: (_created(order), order.number))
    shown = found[(page - 1) * size : page * size]
    return {
        "list": [_row(order) for order in shown],
        "facets": [],
        "paging": {
            "total": len(found),
            "pages": -(-len(found) // size),
            "currentPage": page,
            "perPage": size,
        },
    }


def _row(order: Order) -> Json:
    return {
        "orderId": order.id,
        "sequence": str(order.number),
        "creationDate": order.history[0][1],
        "status": order.status,
        "totalValue": float(order.value),  # the list has floats where the order has integers
        "origin": "Marketplace",
        "sellers": None,
    }


def _created(order: Order) -> datetime:
    return _moment(order.history[0][1])


def _span(text: str) -> tuple[datetime, datetime]:
    match = _SPAN.fullmatch(text)
    if match is None:
        raise Refused(400, "1", "f_creationDate: must be creationDate:[from TO to].")
    return _moment(match[1]), _moment(match[2])


def _moment(text: str) -> datetime:
    """Seven digits of a second are one more than Python reads."""
    try:
        found = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))
    except ValueError:
        raise Refused(400, "1", f"{text}: is no moment.") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _number(text: str, name: str, most: int) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise Refused(400, "1", f"{name}: must be from 1 to {most}.")
    return int(text)
