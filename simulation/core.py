"""The answer to a cart, from a snapshot and the time: pure.

An item's answer depends on its neighbours only through the stock that lines of one SKU share.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from simulation import calendar
from simulation.freight import destination, find_rate, ladder, rung
from simulation.sourcing import source, without
from simulation.types import (
    CHANNELS,
    Cart,
    Decision,
    Destination,
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
    Window,
)

__all__ = ["destination", "find_rate", "simulate", "source", "without"]


class Service(NamedTuple):
    """A policy that is open for the destination now."""

    policy: Policy
    rates: tuple[Rate, ...]
    windows: tuple[Window, ...]


class Reach(NamedTuple):
    """Whose stock counts: overall and by channel."""

    services: tuple[Service, ...]
    warehouses: tuple[WarehouseId, ...]
    by_channel: tuple[tuple[str, tuple[WarehouseId, ...]], ...]


def simulate(cart: Cart, snapshot: Snapshot, now: datetime, *, trace: bool = False) -> Simulation:
    """What can be sold of each line, at what price, and how it can be sent.

    Lines that can't be sold at all (unknown, inactive, unpriced) have no row; when no line has a
    unit to sell there are no rows. Refused items are always among the decisions; with `trace` so
    is every step that led to the answer.
    """
    return _Simulator(cart, snapshot, now, trace=trace).run()


class _Simulator:
    def __init__(self, cart: Cart, snapshot: Snapshot, now: datetime, *, trace: bool) -> None:
        self.cart = cart
        self.snapshot = snapshot
        self.now = now
        self.local = now.astimezone(snapshot.zone)
        self.trace = trace
        self.decisions: list[Decision] = []
        self.sold: dict[str, int] = {}
        self.promises: dict[tuple[WarehouseId, str], Promise] = {}

    def run(self) -> Simulation:
        reach = self._reach()
        rows = [row for item in self.cart.items if (row := self._row(item, reach))]
        if not any(row.quantity for row in rows):
            rows = []
        tariff = self.snapshot.tariff
        return Simulation(
            self.cart, self.snapshot.account, tariff.ships_to, tuple(rows), tuple(self.decisions)
        )

    def note(self, code: str, item: int | None, policy: Policy | None, **facts: object) -> None:
        self.decisions.append(Decision(code, item, policy.ref if policy else None, facts))

    # --- whose stock counts ------------------------------------------------------------------

    def _reach(self) -> Reach:
        """The policies open for the destination; without one, or if none goes there, all stock."""
        where = destination(
            country=self.cart.country,
            postal_code=self.cart.postal_code,
            home_country=self.snapshot.account.country,
        )
        policies = self.snapshot.tariff.policies
        services = [s for p in policies if (s := self._service(p, where))] if where else []
        if where is None and self.trace:
            self.note("no-destination", None, None)
        if services:
            services.sort(key=_place)
            serving = [service.policy for service in services]
            return Reach(tuple(services), _warehouses(serving), _by_channel(serving))
        return Reach((), tuple(self.snapshot.tariff.depots), _by_channel(policies))

    def _service(self, policy: Policy, where: Destination) -> Service | None:
        rates = ladder(policy, where)
        if not rates:
            return self._closed(
                "no-range", policy, country=where.country, postal_code=where.postal_code
            )
        booked = self.snapshot.booked
        if policy.daily_capacity is not None:
            taken = calendar.taken_today(policy, booked, self.local)
            if taken >= policy.daily_capacity:
                return self._closed(
                    "capacity-full", policy, taken=taken, capacity=policy.daily_capacity
                )
        windows = calendar.open_windows(policy, booked=booked, now=self.local)
        if policy.scheduled and not windows:
            return self._closed("no-window", policy, windows=len(policy.windows))
        return Service(policy, rates, windows)

    def _closed(self, code: str, policy: Policy, **facts: object) -> None:
        if self.trace:
            self.note(code, None, policy, **facts)

    # --- one line ----------------------------------------------------------------------------

    def _row(self, item: Item, reach: Reach) -> Row | None:
        offer = self.snapshot.offers.get(item.ref)
        if offer is None or (why := self._not_for_sale(offer)):
            self.note("unknown-sku" if offer is None else why, item.position, None, sku=item.ref)
            return None
        sold = self.sold.get(item.ref, 0)
        balance = self._units(offer, reach.warehouses, sold)
        quantity = min(item.quantity, self._servable(offer, reach, sold, balance))
        if quantity <= 0:
            self._out_of_stock(item, offer, reach, sold)
            return Row(item, offer, 0, 0, dict.fromkeys(CHANNELS, 0), ())
        self.sold[item.ref] = sold + quantity
        if self.trace:
            self._explain_stock(item, offer, reach, sold, quantity)
        channels = {name: self._units(offer, places, sold) for name, places in reach.by_channel}
        quotes = tuple(
            quote
            for service in reach.services
            if (quote := self._quote(item, offer, quantity, sold, service))
        )
        return Row(item, offer, quantity, balance, channels, quotes)

    def _not_for_sale(self, offer: Offer) -> str:
        if not offer.is_active:
            return "inactive-sku"
        if not offer.price:
            return "no-price"
        valid_until = offer.price_valid_until
        return "price-expired" if valid_until is not None and valid_until <= self.now else ""

    def _units(self, offer: Offer, warehouses: Iterable[WarehouseId], sold: int) -> int:
        """What these warehouses have, less what earlier lines of the SKU were promised."""
        shelves = offer.shelves
        units = sum(shelves[place].available for place in warehouses if place in shelves)
        return max(0, units - sold)

    def _servable(self, offer: Offer, reach: Reach, sold: int, balance: int) -> int:
        """The most that one policy can carry, for the shopper chooses one for the line."""
        if not reach.services:
            return balance
        return max(self._units(offer, s.policy.warehouses, sold) for s in reach.services)

    def _out_of_stock(self, item: Item, offer: Offer, reach: Reach, sold: int) -> None:
        elsewhere = self._units(offer, self.snapshot.tariff.depots, sold)
        code = "out-of-stock" if not elsewhere else "no-stock-for-destination"
        self.note(code, item.position, None, **self._stock_facts(offer, reach, sold))

    def _explain_stock(
        self, item: Item, offer: Offer, reach: Reach, sold: int, quantity: int
    ) -> None:
        facts = self._stock_facts(offer, reach, sold)
        self.note("priced", item.position, None, **_price_facts(offer))
        code = "served" if quantity == item.quantity else "served-in-part"
        self.note(code, item.position, None, asked=item.quantity, quantity=quantity, **facts)

    def _stock_facts(self, offer: Offer, reach: Reach, sold: int) -> dict[str, object]:
        depots = self.snapshot.tariff.depots
        return {
            "sku": offer.ref,
            "earlier_lines": sold,
            "shelves": [
                {"warehouse": depots[place].code, "counts": place in reach.warehouses}
                | shelf._asdict()
                | {"available": shelf.available}
                for place, shelf in sorted(offer.shelves.items())
                if place in depots
            ],
        }

    # --- one policy for one line -------------------------------------------------------------

    def _quote(
        self, item: Item, offer: Offer, quantity: int, sold: int, service: Service
    ) -> Quote | None:
        """The policy's quote, if it can carry the whole line."""
        policy = service.policy
        room = self._units(offer, policy.warehouses, sold)
        if room < quantity:
            return self._refused("short", item, policy, units=room, quantity=quantity)
        weight = offer.weight_g * quantity
        rate = rung(service.rates, weight)
        if rate is None:
            heaviest = service.rates[-1].max_weight_g
            return self._refused("too-heavy", item, policy, weight_g=weight, heaviest_g=heaviest)
        takes = self._takes(item, offer, quantity, sold, policy)
        promise = calendar.latest(self._promise(take.warehouse, rate) for take in takes)
        quote = Quote(policy, rate.price, promise, service.windows, rate, takes)
        if self.trace:
            self._explain_quote(item, weight, quote)
        return quote

    def _refused(self, code: str, item: Item, policy: Policy, **facts: object) -> None:
        if self.trace:
            self.note(code, item.position, policy, **facts)

    def _takes(
        self, item: Item, offer: Offer, quantity: int, sold: int, policy: Policy
    ) -> tuple[Take, ...]:
        shelves = {offer.id: {place: shelf.available for place, shelf in offer.shelves.items()}}
        if sold:
            earlier = [Line(-1, offer.id, min(sold, sum(shelves[offer.id].values())))]
            shelves = without(
                shelves, source(lines=earlier, shelves=shelves, preference=policy.warehouses)
            )
        line = Line(item.position, offer.id, quantity)
        return source(lines=[line], shelves=shelves, preference=policy.warehouses).takes

    def _promise(self, warehouse: WarehouseId, rate: Rate) -> Promise:
        key = (warehouse, rate.estimate)
        if (known := self.promises.get(key)) is None:
            depot = self.snapshot.tariff.depots[warehouse]
            known = calendar.promise(estimate=rate.estimate, depot=depot, now=self.local)
            self.promises[key] = known
        return known

    def _explain_quote(self, item: Item, weight_g: int, quote: Quote) -> None:
        depots = self.snapshot.tariff.depots
        self.note(
            "quoted",
            item.position,
            quote.policy,
            price=quote.price,
            weight_g=weight_g,
            up_to_g=quote.rate.max_weight_g,
            rate_estimate=quote.rate.estimate,
            estimate=quote.promise.estimate,
            by=quote.promise.by.isoformat(),
            windows=len(quote.windows),
            warehouses=[
                {
                    "warehouse": depots[take.warehouse].code,
                    "quantity": take.quantity,
                    "cutoff": f"{depots[take.warehouse].cutoff:%H:%M}",
                    "handling_days": depots[take.warehouse].handling_days,
                    "ready": calendar.ready_on(self.local, depots[take.warehouse]).isoformat(),
                }
                for take in quote.takes
            ],
        )


def _place(service: Service) -> tuple[str, int, str]:
    """Channel, price, id: the price of the lightest line, so that the order of the quotes is the
    same for every item of the cart, light or heavy."""
    return service.policy.channel, service.rates[0].price, service.policy.ref


def _price_facts(offer: Offer) -> dict[str, object]:
    return {
        "sku": offer.ref,
        "price": offer.price,
        "source": "sales-channel" if offer.price_is_of_channel else "sku",
        "valid_until": offer.price_valid_until and offer.price_valid_until.isoformat(),
    }


def _warehouses(policies: Iterable[Policy]) -> tuple[WarehouseId, ...]:
    return tuple(dict.fromkeys(place for policy in policies for place in policy.warehouses))


def _by_channel(policies: Sequence[Policy]) -> tuple[tuple[str, tuple[WarehouseId, ...]], ...]:
    return tuple((name, _warehouses(p for p in policies if p.channel == name)) for name in CHANNELS)
