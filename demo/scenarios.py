"""The orders of the demonstration: what is in the cart, and how far each has come."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from typing import Any, NamedTuple


class Fate(enum.Enum):
    """How far an order is taken."""

    RESERVED = "placed, not paid"
    CANCELLED = "cancelled before it was paid"
    AUTHORIZED = "paid, ready to pick"
    CANCELLED_PAID = "paid, then cancelled"
    BEGUN = "one unit in an open package"
    PARTLY = "first of two packages invoiced"
    INVOICED = "packed and invoiced"
    SHIPPED = "packed, invoiced, handed over"
    DELIVERED = "delivered"


class Want(NamedTuple):
    """A line of a cart."""

    ref: str
    quantity: int = 1
    discount_cents: int = 0
    gift_wrapped: bool = False


@dataclass(frozen=True)
class Scenario:
    number: int
    fate: Fate
    wants: tuple[Want, ...]
    postal_code: str
    sla: str = ""
    channel: str = "delivery"

    @property
    def note(self) -> str:
        """The shopper's remark, by which the order is found again at the next start."""
        return f"Pedido de demonstração {self.number:02d}"

    def cart(self) -> dict[str, Any]:
        return {
            "items": [_item(want) for want in self.wants],
            "postalCode": self.postal_code,
            "country": "BRA",
            "sla": self.sla,
            "channel": self.channel,
            "note": self.note,
        }


def number_of(note: object) -> int | None:
    """The scenario a shopper's remark belongs to."""
    match = re.fullmatch(r"Pedido de demonstração (\d+)", note) if isinstance(note, str) else None
    return int(match[1]) if match else None


def _item(want: Want) -> dict[str, Any]:
    item: dict[str, Any] = {"id": want.ref, "quantity": want.quantity}
    if want.discount_cents:
        item["discountCents"] = want.discount_cents
    if want.gift_wrapped:
        item["services"] = True
    return item


RIO, SAO_PAULO, CURITIBA = "22250-040", "01310-100", "80250-000"
BELO_HORIZONTE, PORTO_ALEGRE, SALVADOR = "30130-010", "90010-150", "40026-010"
RECIFE = "50030-230"
_EXPRESS, _SCHEDULED, _PICKUP = "expressa", "agendada", "pickup-in-point"


def scenarios() -> list[Scenario]:
    return [
        Scenario(number, *facts)  # type: ignore[arg-type]  # rows of one table
        for number, facts in enumerate(_TABLE, start=1)
    ]


_TABLE: tuple[tuple[object, ...], ...] = (
    (Fate.RESERVED, (Want("1001"),), RIO),
    (Fate.RESERVED, (Want("2003"), Want("4001", 2)), BELO_HORIZONTE),
    (Fate.RESERVED, (Want("3003"),), SALVADOR, _EXPRESS),
    (Fate.RESERVED, (Want("4006"),), SAO_PAULO, _SCHEDULED),
    # Several units of several lines: made to be split over packages.
    (Fate.AUTHORIZED, (Want("1004", 6), Want("1005", 6), Want("1010", 2)), SAO_PAULO),
    # One SKU on two lines, at two prices.
    (Fate.AUTHORIZED, (Want("1001", 2), Want("1001", 1, 1000)), CURITIBA),
    (Fate.AUTHORIZED, (Want("3001", 4, 1398), Want("3002", 4)), RIO),
    (Fate.AUTHORIZED, (Want("2001"),), PORTO_ALEGRE, _EXPRESS),
    (Fate.AUTHORIZED, (Want("4001", 1, 0, True), Want("4002")), SAO_PAULO),
    (Fate.AUTHORIZED, (Want("5001", 3),), SAO_PAULO),
    (Fate.AUTHORIZED, (Want("1009"), Want("2005"), Want("2006"), Want("3008")), RIO),
    (Fate.AUTHORIZED, (Want("4005"),), SAO_PAULO, "retira-paulista", _PICKUP),
    (Fate.AUTHORIZED, (Want("2007", 3), Want("2008")), SAO_PAULO, "retira-paulista", _PICKUP),
    (Fate.AUTHORIZED, (Want("4003"),), RECIFE, "retira-recife", _PICKUP),
    (Fate.AUTHORIZED, (Want("1006"),), SAO_PAULO, _SCHEDULED),
    (Fate.AUTHORIZED, (Want("3004"), Want("3005", 2), Want("3006", 2)), SAO_PAULO, _SCHEDULED),
    (Fate.AUTHORIZED, (Want("1011", 1, 0, True),), BELO_HORIZONTE, _EXPRESS),
    (Fate.AUTHORIZED, (Want("4008"),), CURITIBA),
    (Fate.AUTHORIZED, (Want("1002"), Want("1003"), Want("1007")), BELO_HORIZONTE),
    (Fate.AUTHORIZED, (Want("2002"), Want("2004")), SALVADOR),
    (Fate.AUTHORIZED, (Want("3007", 2, 500),), PORTO_ALEGRE),
    (Fate.AUTHORIZED, (Want("4004", 5),), RIO, _EXPRESS),
    (Fate.AUTHORIZED, (Want("4007"), Want("2009")), CURITIBA),
    (Fate.AUTHORIZED, (Want("1008", 1, 899),), SAO_PAULO),
    (Fate.AUTHORIZED, (Want("1001"), Want("1002"), Want("2003"), Want("4001")), RIO),
    (Fate.CANCELLED, (Want("2004"),), RIO),
    (Fate.CANCELLED, (Want("4002", 2),), SALVADOR),
    (Fate.CANCELLED_PAID, (Want("3003"),), CURITIBA),
    (Fate.CANCELLED_PAID, (Want("1007"), Want("1009")), SAO_PAULO),
    (Fate.BEGUN, (Want("1010"), Want("1011", 2)), RIO),
    (Fate.PARTLY, (Want("1004", 4), Want("3001", 2, 700)), BELO_HORIZONTE),
    (Fate.INVOICED, (Want("2005"),), SAO_PAULO),
    (Fate.INVOICED, (Want("4001", 3), Want("4002")), CURITIBA, _EXPRESS),
    (Fate.INVOICED, (Want("3005", 2, 0), Want("3005", 1, 549)), RIO),
    (Fate.SHIPPED, (Want("2003"), Want("2006")), PORTO_ALEGRE),
    (Fate.DELIVERED, (Want("1003"),), SAO_PAULO),
)
