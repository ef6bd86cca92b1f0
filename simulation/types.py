"""The words of a simulation: what is asked, what is known, what is answered. Pure data.

Money is cents, weight is grams, warehouses, SKUs and policies go by their row ids.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import partial
from typing import Any, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

Cents = int
WarehouseId = int
SkuId = int

DELIVERY = "delivery"
PICKUP = "pickup-in-point"
CHANNELS = (DELIVERY, PICKUP)

Named = TypeVar("Named", bound=tuple[Any, ...])


def maker(of: type[Named]) -> Callable[[tuple[Any, ...]], Named]:
    """Makes a named tuple of the tuple of all its fields, as `_make` does, but in a third of the
    time, for nobody counts them. For what is made of every line of a cart."""
    return partial(tuple.__new__, of)


# --- sourcing: which warehouse serves ---------------------------------------------------------


class Line(NamedTuple):
    """Units of one SKU that are wanted; `position` is the line's place in the cart or order."""

    position: int
    sku: SkuId
    quantity: int


class Take(NamedTuple):
    """Units of one line that leave from one warehouse."""

    line: int
    sku: SkuId
    warehouse: WarehouseId
    quantity: int


class Sourcing(NamedTuple):
    """Where every line comes from; `short` says how many units of which line are missing."""

    takes: tuple[Take, ...]
    short: Mapping[int, int]

    @property
    def complete(self) -> bool:
        return not self.short

    @property
    def warehouses(self) -> tuple[WarehouseId, ...]:
        """Each warehouse that sends something, once: the number of parcels at least."""
        return tuple(dict.fromkeys(take.warehouse for take in self.takes))


# --- what is asked ------------------------------------------------------------------------------


class Item(NamedTuple):
    position: int
    ref: str
    quantity: int
    seller: str | None


class Cart(NamedTuple):
    """A request. Postal code, country and coordinates stay as they were sent, to be echoed."""

    items: tuple[Item, ...]
    country: str | None = None
    postal_code: str | None = None
    geo_coordinates: tuple[Any, ...] = ()
    sales_channel: str = "1"


class Destination(NamedTuple):
    """Where to: the country in capitals, the postal code without punctuation."""

    country: str
    postal_code: str


# --- what is known ------------------------------------------------------------------------------


class Account(NamedTuple):
    id: int
    seller_id: str
    country: str
    timezone: str
    tariff_revision: int


class Shelf(NamedTuple):
    """Units of one SKU in one warehouse; `expired` are held by reservations that ran out."""

    on_hand: int
    safety: int
    held: int
    expired: int


class Offer(NamedTuple):
    """One SKU as it is sold now in the asked sales channel.

    `counts` has a row for every warehouse: its id, and then what makes a Shelf.
    """

    id: SkuId
    ref: str
    is_active: bool
    price: Cents | None
    list_price: Cents | None
    price_is_of_channel: bool
    price_valid_until: datetime | None
    weight_g: int
    measurement_unit: str
    unit_multiplier: float
    offerings: Sequence[Mapping[str, Any]] | None
    counts: Sequence[Sequence[int]]

    @property
    def shelves(self) -> dict[WarehouseId, Shelf]:
        return {place: Shelf._make(counts) for place, *counts in self.counts}

    def units(self) -> dict[WarehouseId, int]:
        """What of each shelf is available."""
        return {
            place: units if (units := on_hand - safety - held + expired) > 0 else 0
            for place, on_hand, safety, held, expired in self.counts
        }


class Calendar(NamedTuple):
    """Which days are not worked: weekdays (Monday is 0) and single dates."""

    weekend: frozenset[int]
    closed: frozenset[date]


class Depot(NamedTuple):
    """What an estimate needs to know of a warehouse."""

    id: WarehouseId
    code: str
    cutoff: time
    handling_days: int
    calendar: Calendar


class Rate(NamedTuple):
    """Freight of a line up to a weight; None: any weight."""

    max_weight_g: int | None
    price: Cents
    estimate: str


class PickupAt(NamedTuple):
    ref: str
    friendly_name: str
    additional_info: str
    postal_code: str
    city: str
    state: str
    country: str
    street: str
    number: str
    neighborhood: str
    complement: str
    reference: str
    geo_coordinates: tuple[float, ...]


class Window(NamedTuple):
    """A slot the shopper may choose; `capacity` None: no limit."""

    starts_at: datetime
    ends_at: datetime
    price: Cents
    capacity: int | None


class Band(NamedTuple):
    """The postal ranges of one weight band, as sorted columns that do not overlap."""

    max_weight_g: int | None
    starts: Sequence[int]
    ends: Sequence[int]
    prices: Sequence[Cents]
    estimates: Sequence[str]


@dataclass(frozen=True, slots=True)
class Policy:
    """A delivery option, compiled. `bands` go by country and length of postal code."""

    id: int
    ref: str
    name: str
    channel: str
    warehouses: tuple[WarehouseId, ...]
    bands: Mapping[str, Mapping[int, tuple[Band, ...]]]
    daily_capacity: int | None = None
    scheduled: bool = False
    windows: tuple[Window, ...] = ()
    pickup: PickupAt | None = None


@dataclass(frozen=True, slots=True)
class Tariff:
    """All an account offers for delivery, as of one tariff revision."""

    revision: int
    depots: Mapping[WarehouseId, Depot]
    policies: tuple[Policy, ...]
    ships_to: tuple[str, ...]
    # What simulation.areas, .reach and .promising found out about them so far.
    atlases: dict[tuple[str, int], Any] = field(
        init=False, default_factory=dict, compare=False, repr=False
    )
    areas: dict[tuple[str, int, int], Any] = field(
        init=False, default_factory=dict, compare=False, repr=False
    )
    times: dict[Any, Any] = field(init=False, default_factory=dict, compare=False, repr=False)


class Booked(NamedTuple):
    """What counts against a capacity: a policy on a local day, or one of its windows."""

    policy: int
    day: date
    starts_at: datetime | None
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything an answer depends on, besides the request and the time."""

    account: Account
    tariff: Tariff
    offers: Mapping[str, Offer]
    booked: Mapping[Booked, int] = field(default_factory=dict)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.account.timezone)


# --- what is answered ---------------------------------------------------------------------------


class Promise(NamedTuple):
    """When a line arrives: VTEX's short form and the exact moment."""

    estimate: str
    by: datetime


class Quote(NamedTuple):
    """A policy that can carry a whole line: its rate, when it arrives, and from where."""

    policy: Policy
    rate: Rate
    promise: Promise
    windows: tuple[Window, ...]
    warehouses: tuple[WarehouseId, ...]

    @property
    def price(self) -> Cents:
        return self.rate.price


class Quotes(tuple[Quote, ...]):
    """All that can carry a line. Lines that are alike share theirs, in one cart and from one to the
    next; `written` is what simulation.wire once made of them."""

    written: Any = None


class Decision(NamedTuple):
    """One step of the reasoning: about an item, a policy, or both. `facts` are what it rests on."""

    code: str
    item: int | None = None
    policy: str | None = None
    facts: Mapping[str, Any] = {}


class Row(NamedTuple):
    """The answer for one line of the cart; `channel_balances` go by CHANNELS."""

    item: Item
    offer: Offer
    quantity: int
    stock_balance: int
    channel_balances: tuple[int, ...]
    quotes: Quotes


class Simulation(NamedTuple):
    cart: Cart
    account: Account
    ships_to: tuple[str, ...]
    rows: tuple[Row, ...]
    decisions: tuple[Decision, ...]
