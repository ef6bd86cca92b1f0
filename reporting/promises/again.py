"""What an order's basket would be promised now: the simulation's own functions, asked again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from orders.models import Order, OrderLine
from sellers.money import Cents
from simulation import core, snapshot
from simulation.types import Cart, Item, Offer, Quote, Snapshot

#: More than any line asks for.
_PLENTY = 10**6


@dataclass(frozen=True)
class LineAgain:
    """A line as it was placed, and the same SLA's offer for it now; None when there is none."""

    line: OrderLine
    offer: Quote | None

    @property
    def more_freight(self) -> Cents | None:
        """What today's rate asks beyond what was charged; negative when it asks less."""
        return None if self.offer is None else self.offer.price - self.line.freight_cents


def promised_now(order: Order, *, now: datetime) -> list[LineAgain]:
    """By today's rates and calendar, as if every warehouse had the goods: it is the promise that is
    compared, not the stock. Raises DomainError when the account can't be quoted from."""
    lines = list(order.lines.filter(quantity__gt=0).order_by("index"))
    cart = Cart(
        items=tuple(
            Item(place, line.ref, line.quantity, line.seller or None)
            for place, line in enumerate(lines)
        ),
        country=order.ship_country or None,
        postal_code=order.ship_postal_code or None,
        sales_channel=order.sales_channel or "1",
    )
    nobody: Mapping[str, str] = {}
    known = snapshot.load(
        endpoint_key=order.account.endpoint_key, headers=nobody, cart=cart, now=now
    )
    answer = core.simulate(cart, _with_plenty(known), now)
    offers = {
        (row.item.position, quote.policy.ref): quote for row in answer.rows for quote in row.quotes
    }
    return [LineAgain(line, offers.get((n, line.policy_ref))) for n, line in enumerate(lines)]


def _with_plenty(known: Snapshot) -> Snapshot:
    """The same, with all goods for sale in every warehouse and nothing booked."""
    counts = [(place, _PLENTY, 0, 0, 0) for place in known.tariff.depots]
    offers = {ref: _for_sale(offer, counts) for ref, offer in known.offers.items()}
    return Snapshot(known.account, known.tariff, offers)


def _for_sale(offer: Offer, counts: list[tuple[int, int, int, int, int]]) -> Offer:
    return offer._replace(
        is_active=True, price=offer.price or 1, price_valid_until=None, counts=counts
    )
