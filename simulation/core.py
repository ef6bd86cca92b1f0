"""The answer to a cart, from a snapshot and the time: pure.

An item's answer depends on its neighbours only through the stock that lines of one SKU share.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import repeat
from typing import Any

from simulation.freight import destination, find_rate
from simulation.notes import Code, Notes, price_facts, quote_facts, stock_facts
from simulation.promising import Promises, lasts, time_of
from simulation.reach import Warehouses, reach
from simulation.sourcing import alone, source, without
from simulation.types import (
    CHANNELS,
    Cart,
    Item,
    Line,
    Offer,
    Quote,
    Quotes,
    Row,
    Simulation,
    Snapshot,
    Take,
    WarehouseId,
    maker,
)

__all__ = ["destination", "find_rate", "simulate", "source", "without"]

_NOTHING = (0,) * len(CHANNELS)
_NO_QUOTES = Quotes()
_NONE = repeat(0)
_row = maker(Row)


def simulate(cart: Cart, snapshot: Snapshot, now: datetime, *, trace: bool = False) -> Simulation:
    """What can be sold of each line, at what price, and how it can be sent.

    Lines that can't be sold at all (unknown, inactive, unpriced) have no row; when no line has a
    unit to sell there are no rows. Refused items are always among the decisions; with `trace` so
    is every step that led to the answer.
    """
    counter = _Counter(cart, snapshot, now, Notes(tracing=trace))
    rows = tuple([row for item in cart.items if (row := counter.serve(item))])
    if not any(row.quantity for row in rows):
        rows = ()
    decisions = tuple(counter.notes.decisions)
    return Simulation(cart, snapshot.account, snapshot.tariff.ships_to, rows, decisions)


@dataclass(slots=True)
class _Stock:
    """Available units of one SKU by warehouse, `sold` of them to earlier lines of the cart."""

    shelf: Mapping[WarehouseId, int]
    sold: int

    def left(self, warehouses: Iterable[WarehouseId]) -> int:
        """What these warehouses have left."""
        shelf, units = self.shelf, -self.sold
        for place in warehouses:
            units += shelf.get(place, 0)
        return units if units > 0 else 0

    def senders(self, quantity: int, preference: Warehouses) -> Warehouses:
        """The warehouses a whole line leaves from; none if they have too little for it."""
        if not self.sold:
            place = alone(quantity, shelf=self.shelf, preference=preference)
            if place is not None:
                return (place,)
        if self.left(preference) < quantity:
            return ()
        takes = self.takes(quantity, preference)
        return tuple(dict.fromkeys(take.warehouse for take in takes))

    def takes(self, quantity: int, preference: Warehouses) -> tuple[Take, ...]:
        """What leaves from where, once the earlier lines were served."""
        shelves: Mapping[int, Mapping[WarehouseId, int]] = {0: self.shelf}
        if self.sold:
            earlier = [Line(0, 0, self.sold)]
            gone = source(lines=earlier, shelves=shelves, preference=preference)
            shelves = without(shelves, gone)
        return source(lines=[Line(0, 0, quantity)], shelves=shelves, preference=preference).takes


class _Counter:
    """Serves the lines of one cart, one after the other, and remembers what is gone."""

    def __init__(self, cart: Cart, snapshot: Snapshot, now: datetime, notes: Notes) -> None:
        self.offers = snapshot.offers
        self.depots = snapshot.tariff.depots
        self.now = now
        self.local = now.astimezone(snapshot.zone)
        self.notes = notes
        self.reach = reach(cart, snapshot, self.local, notes)
        self.time = time_of(snapshot.tariff, self.local)
        self.promises = Promises(snapshot.tariff, self.local, self.time)
        self.sold: dict[str, int] = {}
        self.quotes: dict[Any, Quotes] = {}
        self.at_once: dict[int, Quotes] = {}

    def serve(self, item: Item) -> Row | None:
        offer = self.offers.get(item.ref)
        if offer is None:
            self.notes.keep("unknown-sku", item=item.position, sku=item.ref)
            return None
        if why := self._not_for_sale(offer):
            self.notes.keep(why, item=item.position, sku=item.ref)
            return None
        return self._sell_at_once(item, offer) or self._sell(item, offer)

    def _sell_at_once(self, item: Item, offer: Offer) -> Row | None:
        """What `_sell` answers in the usual case, in a third of the time; None in any other: no
        earlier line wants the SKU, and whoever comes first for a policy has all of it."""
        _position, ref, quantity, _seller = item
        reach = self.reach
        if ref in self.sold or not reach.first or self.notes.tracing:
            return None
        shelf = offer.units()
        for place in reach.first:
            if shelf.get(place, 0) < quantity:
                return None
        self.sold[ref] = quantity
        left = [sum(map(shelf.get, places, _NONE)) for places in reach.parties]
        delivery, pickup = reach.channels
        quotes = self._quotes_at_once(offer.weight_g * quantity)
        channels = left[delivery], left[pickup]
        return _row((item, offer, quantity, left[reach.overall], channels, quotes))

    def _quotes_at_once(self, weight: int) -> Quotes:
        step = bisect_left(self.reach.limits, weight)
        quotes = self.at_once.get(step)
        if quotes is None:
            quotes = self.at_once[step] = self._quotes(weight, self.reach.senders)
        return quotes

    def _sell(self, item: Item, offer: Offer) -> Row:
        reach = self.reach
        stock = _Stock(offer.units(), self.sold.get(item.ref, 0))
        left = [stock.left(places) for places in reach.parties]
        # A line is sent as a whole, for the shopper chooses one policy for it.
        quantity = min(item.quantity, max(left[: len(reach.preferences)]))
        if not quantity or self.notes.tracing:
            self._note_stock(item, offer, stock, quantity)
        if not quantity:
            return Row(item, offer, 0, 0, _NOTHING, _NO_QUOTES)
        self.sold[item.ref] = stock.sold + quantity
        weight = offer.weight_g * quantity
        senders = tuple([stock.senders(quantity, places) for places in reach.preferences])
        quotes = self._quotes(weight, senders)
        if self.notes.tracing:
            self._note_quotes(item, offer, stock, quantity, quotes)
        delivery, pickup = reach.channels
        channels = left[delivery], left[pickup]
        return Row(item, offer, quantity, left[reach.overall], channels, quotes)

    def _not_for_sale(self, offer: Offer) -> Code | None:
        if not offer.is_active:
            return "inactive-sku"
        if not offer.price:
            return "no-price"
        valid_until = offer.price_valid_until
        return "price-expired" if valid_until is not None and valid_until <= self.now else None

    def _note_stock(self, item: Item, offer: Offer, stock: _Stock, quantity: int) -> None:
        facts = stock_facts(
            offer, depots=self.depots, counting=self.reach.warehouses, earlier_lines=stock.sold
        )
        if not quantity:
            elsewhere = stock.left(self.depots)
            code: Code = "no-stock-for-destination" if elsewhere else "out-of-stock"
            self.notes.keep(code, item=item.position, **facts)
            return
        self.notes.trace("priced", item=item.position, **price_facts(offer))
        code = "served" if quantity == item.quantity else "served-in-part"
        self.notes.trace(code, item=item.position, asked=item.quantity, quantity=quantity, **facts)

    # --- the policies that can carry the whole line ------------------------------------------

    def _quotes(self, weight: int, senders: tuple[Warehouses, ...]) -> Quotes:
        """Worked out once for all lines that weigh alike and leave from the same warehouses, of
        all carts of a time of day that go to the same area."""
        reach = self.reach
        if not reach.services:
            return _NO_QUOTES
        alike = (reach, bisect_left(reach.limits, weight), senders)
        quotes = self.time.quotes.get(alike)
        if quotes is None:
            quotes = self.quotes.get(alike) or self._keep(alike, self._compiled(weight, senders))
        return quotes

    def _compiled(self, weight: int, senders: Iterable[Warehouses]) -> Quotes:
        sender_of = dict(zip(self.reach.preferences, senders, strict=True))
        quotes = []
        for policy, lane, windows in self.reach.services:
            places = sender_of[policy.warehouses]
            rate = lane.rate(weight) if places else None
            if rate:
                promise = self.promises.of(places, rate.estimate)
                quotes.append(Quote(policy, rate, promise, windows, places))
        return Quotes(quotes)

    def _keep(self, alike: Any, quotes: Quotes) -> Quotes:
        """For the next line; for the next cart too, unless something counts from this moment."""
        if all(lasts(quote.rate.estimate) for quote in quotes):
            self.time.keep(alike, quotes)
        else:
            self.quotes[alike] = quotes
        return quotes

    def _note_quotes(
        self, item: Item, offer: Offer, stock: _Stock, quantity: int, quotes: Iterable[Quote]
    ) -> None:
        known = {quote.policy.ref: quote for quote in quotes}
        weight = offer.weight_g * quantity
        for policy, lane, _windows in self.reach.services:
            facts: dict[str, Any]
            if quote := known.get(policy.ref):
                takes = stock.takes(quantity, policy.warehouses)
                code: Code = "quoted"
                facts = quote_facts(
                    quote, offer, takes, weight_g=weight, depots=self.depots, now=self.local
                )
            elif (units := stock.left(policy.warehouses)) < quantity:
                code, facts = "short", {"units": units, "quantity": quantity}
            else:
                code, facts = "too-heavy", {"weight_g": weight, "heaviest_g": lane.heaviest_g}
            self.notes.trace(code, item=item.position, policy=policy.ref, **facts)
