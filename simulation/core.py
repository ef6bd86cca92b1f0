"""The answer to a cart, from a snapshot and the time: pure.

An item's answer depends on its neighbours only through the stock that lines of one SKU share.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from simulation import calendar
from simulation.freight import destination, find_rate, rung
from simulation.notes import Code, Notes, price_facts, quote_facts, stock_facts
from simulation.reach import Service, reach
from simulation.sourcing import source, without
from simulation.types import (
    CHANNELS,
    Cart,
    Item,
    Line,
    Offer,
    Policy,
    Promise,
    Quote,
    Rate,
    Row,
    Simulation,
    Snapshot,
    Take,
    WarehouseId,
)

__all__ = ["destination", "find_rate", "simulate", "source", "without"]


def simulate(cart: Cart, snapshot: Snapshot, now: datetime, *, trace: bool = False) -> Simulation:
    """What can be sold of each line, at what price, and how it can be sent.

    Lines that can't be sold at all (unknown, inactive, unpriced) have no row; when no line has a
    unit to sell there are no rows. Refused items are always among the decisions; with `trace` so
    is every step that led to the answer.
    """
    counter = _Counter(cart, snapshot, now, Notes(tracing=trace))
    rows = tuple(row for item in cart.items if (row := counter.serve(item)))
    if not any(row.quantity for row in rows):
        rows = ()
    decisions = tuple(counter.notes.decisions)
    return Simulation(cart, snapshot.account, snapshot.tariff.ships_to, rows, decisions)


class _Counter:
    """Serves the lines of one cart, one after the other, and remembers what is gone."""

    def __init__(self, cart: Cart, snapshot: Snapshot, now: datetime, notes: Notes) -> None:
        self.snapshot = snapshot
        self.depots = snapshot.tariff.depots
        self.now = now
        self.local = now.astimezone(snapshot.zone)
        self.notes = notes
        self.reach = reach(cart, snapshot, self.local, notes)
        self.sold: dict[str, int] = {}
        self.promises: dict[tuple[WarehouseId, str], Promise] = {}

    def serve(self, item: Item) -> Row | None:
        offer = self.snapshot.offers.get(item.ref)
        if offer is None:
            self.notes.keep("unknown-sku", item=item.position, sku=item.ref)
            return None
        if why := self._not_for_sale(offer):
            self.notes.keep(why, item=item.position, sku=item.ref)
            return None
        sold = self.sold.get(item.ref, 0)
        balance = self._units(offer, self.reach.warehouses, sold)
        quantity = min(item.quantity, self._servable(offer, sold, balance))
        self._note_stock(item, offer, sold, quantity)
        if quantity <= 0:
            return Row(item, offer, 0, 0, dict.fromkeys(CHANNELS, 0), ())
        self.sold[item.ref] = sold + quantity
        channels = {name: self._units(offer, at, sold) for name, at in self.reach.by_channel}
        quotes = (self._quote(item, offer, quantity, sold, each) for each in self.reach.services)
        return Row(item, offer, quantity, balance, channels, tuple(q for q in quotes if q))

    def _not_for_sale(self, offer: Offer) -> Code | None:
        if not offer.is_active:
            return "inactive-sku"
        if not offer.price:
            return "no-price"
        valid_until = offer.price_valid_until
        return "price-expired" if valid_until is not None and valid_until <= self.now else None

    # --- stock -------------------------------------------------------------------------------

    def _units(self, offer: Offer, warehouses: Iterable[WarehouseId], sold: int) -> int:
        """What these warehouses have, less what earlier lines of the SKU were promised."""
        shelves = offer.shelves
        units = sum(shelves[place].available for place in warehouses if place in shelves)
        return max(0, units - sold)

    def _servable(self, offer: Offer, sold: int, balance: int) -> int:
        """The most that one policy can carry, for the shopper chooses one for the line."""
        if not self.reach.services:
            return balance
        return max(self._units(offer, s.policy.warehouses, sold) for s in self.reach.services)

    def _note_stock(self, item: Item, offer: Offer, sold: int, quantity: int) -> None:
        if quantity > 0 and not self.notes.tracing:
            return
        facts = stock_facts(
            offer, depots=self.depots, counting=self.reach.warehouses, earlier_lines=sold
        )
        if quantity <= 0:
            elsewhere = self._units(offer, self.depots, sold)
            code: Code = "no-stock-for-destination" if elsewhere else "out-of-stock"
            self.notes.keep(code, item=item.position, **facts)
            return
        self.notes.trace("priced", item=item.position, **price_facts(offer))
        code = "served" if quantity == item.quantity else "served-in-part"
        self.notes.trace(code, item=item.position, asked=item.quantity, quantity=quantity, **facts)

    # --- one policy for one line -------------------------------------------------------------

    def _quote(
        self, item: Item, offer: Offer, quantity: int, sold: int, service: Service
    ) -> Quote | None:
        """The policy's quote, if it can carry the whole line."""
        policy, at = service.policy, item.position
        room = self._units(offer, policy.warehouses, sold)
        if room < quantity:
            self.notes.trace("short", item=at, policy=policy.ref, units=room, quantity=quantity)
            return None
        weight = offer.weight_g * quantity
        rate = rung(service.rates, weight)
        if rate is None:
            heaviest = service.rates[-1].max_weight_g
            self.notes.trace(
                "too-heavy", item=at, policy=policy.ref, weight_g=weight, heaviest_g=heaviest
            )
            return None
        takes = self._takes(item, offer, quantity, sold, policy)
        promise = calendar.latest(self._promise(take.warehouse, rate) for take in takes)
        quote = Quote(policy, rate.price, promise, service.windows, rate, takes)
        if self.notes.tracing:
            facts = quote_facts(quote, offer, weight_g=weight, depots=self.depots, now=self.local)
            self.notes.trace("quoted", item=at, policy=policy.ref, **facts)
        return quote

    def _takes(
        self, item: Item, offer: Offer, quantity: int, sold: int, policy: Policy
    ) -> tuple[Take, ...]:
        shelves = {offer.id: {place: shelf.available for place, shelf in offer.shelves.items()}}
        if sold:
            earlier = [Line(-1, offer.id, sold)]
            shelves = without(
                shelves, source(lines=earlier, shelves=shelves, preference=policy.warehouses)
            )
        line = Line(item.position, offer.id, quantity)
        return source(lines=[line], shelves=shelves, preference=policy.warehouses).takes

    def _promise(self, warehouse: WarehouseId, rate: Rate) -> Promise:
        key = (warehouse, rate.estimate)
        if (known := self.promises.get(key)) is None:
            depot = self.depots[warehouse]
            known = calendar.promise(estimate=rate.estimate, depot=depot, now=self.local)
            self.promises[key] = known
        return known
