"""A snapshot and its cart as a document that can be kept, and back. Pure.

Of the tariff, a document holds only what this cart's destination met: the one range of every
weight band that matched, and windows and pickup points of the policies that go there. That is all
the core looked at, so the same cart gets the same answer, byte for byte, and a tariff of a hundred
thousand cells is not stored with every answer.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any, NamedTuple

import orjson

from simulation.areas import area_of
from simulation.freight import Lane, destination
from simulation.types import (
    Account,
    Band,
    Booked,
    Calendar,
    Cart,
    Depot,
    Destination,
    Item,
    Offer,
    PickupAt,
    Policy,
    Snapshot,
    Tariff,
    Window,
)

FORMAT = 1
#: A postal code and a country as they may be kept; anything else in their place is free text.
_POSTAL_CODE = re.compile(r"[0-9A-Za-z .-]{0,10}")
_COUNTRY = re.compile(r"[A-Za-z ]{0,5}")
#: What stands for free text: it is nowhere, like the text was.
_ELSEWHERE = "X"
MOST_CHARACTERS = 100


class Preserved(NamedTuple):
    """What an answer rested on; no snapshot when the database did not answer."""

    cart: Cart
    snapshot: Snapshot | None
    now: datetime


# --- what may be kept -----------------------------------------------------------------------------


def scrubbed(cart: Cart) -> Cart:
    """The cart with nothing in it that could be somebody's: no coordinates, no free text.

    Coordinates decide nothing; that they were given is kept, as zeros.
    """
    return cart._replace(
        items=tuple(_scrubbed_item(item) for item in cart.items),
        country=_allowed(_COUNTRY, cart.country),
        postal_code=_allowed(_POSTAL_CODE, cart.postal_code),
        geo_coordinates=(0,) * min(2, len(cart.geo_coordinates)),
        sales_channel=cart.sales_channel[:20],
    )


def _scrubbed_item(item: Item) -> Item:
    seller = item.seller and item.seller[:MOST_CHARACTERS]
    return item._replace(ref=item.ref[:MOST_CHARACTERS], seller=seller)


def _allowed(form: re.Pattern[str], text: str | None) -> str | None:
    return text if text is None or form.fullmatch(text) else _ELSEWHERE


# --- there ----------------------------------------------------------------------------------------


def pack(cart: Cart, snapshot: Snapshot | None, now: datetime) -> bytes:
    """A scrubbed cart and what of the snapshot answers it, compressed."""
    document = {
        "format": FORMAT,
        "now": now.isoformat(),
        "cart": cart._asdict(),
        "snapshot": _snapshot_out(cart, snapshot) if snapshot else None,
    }
    return zlib.compress(orjson.dumps(document, default=list), 1)


def _snapshot_out(cart: Cart, snapshot: Snapshot) -> dict[str, Any]:
    tariff = snapshot.tariff
    where = destination(
        country=cart.country,
        postal_code=cart.postal_code,
        home_country=snapshot.account.country,
    )
    lanes = area_of(tariff, where).lanes if where else ()
    met = {lane.policy.id: lane for lane in lanes}
    return {
        "account": snapshot.account,
        "revision": tariff.revision,
        "ships_to": tariff.ships_to,
        "depots": [_depot_out(depot) for depot in tariff.depots.values()],
        "policies": [_policy_out(policy, where, met.get(policy.id)) for policy in tariff.policies],
        "offers": [_offer_out(offer) for offer in snapshot.offers.values()],
        "booked": list(snapshot.booked.items()),
    }


def _depot_out(depot: Depot) -> dict[str, Any]:
    calendar = depot.calendar
    days = {"weekend": sorted(calendar.weekend), "closed": sorted(calendar.closed)}
    return depot._asdict() | {"cutoff": depot.cutoff.isoformat(), "calendar": days}


def _policy_out(policy: Policy, where: Destination | None, met: Lane | None) -> dict[str, Any]:
    """As little of it as answers the same: of one that does not go there, that it does not."""
    names = ("id", "ref", "name", "channel", "warehouses", "daily_capacity", "scheduled")
    return {name: getattr(policy, name) for name in names} | {
        "windows": policy.windows if met else (),
        "bands": _bands_out(policy, where, met) if where else [],
        "pickup": policy.pickup._asdict() if met and policy.pickup else None,
    }


def _bands_out(policy: Policy, where: Destination, met: Lane | None) -> list[Any]:
    """For every length of postal code in the country the ranges that matched."""
    matched = met.narrowed() if met else ()
    length = len(where.postal_code)
    return [
        [where.country, digits, matched if digits == length else ()]
        for digits in policy.bands.get(where.country, ())
    ]


def _offer_out(offer: Offer) -> dict[str, Any]:
    facts = offer._asdict()
    del facts["counts"]
    return facts | {"shelves": list(offer.shelves.items())}


# --- and back -------------------------------------------------------------------------------------


def unpack(payload: bytes) -> Preserved:
    """What was packed; equal to it in everything the core looks at."""
    document = orjson.loads(zlib.decompress(payload))
    snapshot = document["snapshot"]
    return Preserved(
        _cart(document["cart"]),
        snapshot and _snapshot(snapshot),
        datetime.fromisoformat(document["now"]),
    )


def _cart(document: Mapping[str, Any]) -> Cart:
    return Cart(
        items=tuple(Item(*item) for item in document["items"]),
        country=document["country"],
        postal_code=document["postal_code"],
        geo_coordinates=tuple(document["geo_coordinates"]),
        sales_channel=document["sales_channel"],
    )


def _snapshot(document: Mapping[str, Any]) -> Snapshot:
    depots = (_depot(depot) for depot in document["depots"])
    return Snapshot(
        account=Account(*document["account"]),
        tariff=Tariff(
            revision=document["revision"],
            depots={depot.id: depot for depot in depots},
            policies=tuple(_policy(policy) for policy in document["policies"]),
            ships_to=tuple(document["ships_to"]),
        ),
        offers={offer["ref"]: _offer(offer) for offer in document["offers"]},
        booked={_booked(key): orders for key, orders in document["booked"]},
    )


def _depot(document: Mapping[str, Any]) -> Depot:
    days = document["calendar"]
    closed = frozenset(date.fromisoformat(day) for day in days["closed"])
    return Depot(
        **{**document, "cutoff": time.fromisoformat(document["cutoff"])}
        | {"calendar": Calendar(frozenset(days["weekend"]), closed)}
    )


def _policy(document: Mapping[str, Any]) -> Policy:
    bands: dict[str, dict[int, tuple[Band, ...]]] = {}
    for country, digits, table in document["bands"]:
        bands.setdefault(country, {})[digits] = tuple(Band(*band) for band in table)
    pickup = document["pickup"]
    return Policy(
        **{
            **document,
            "warehouses": tuple(document["warehouses"]),
            "bands": bands,
            "windows": tuple(_window(*window) for window in document["windows"]),
            "pickup": _pickup(pickup) if pickup else None,
        }
    )


def _pickup(document: Mapping[str, Any]) -> PickupAt:
    return PickupAt(**{**document, "geo_coordinates": tuple(document["geo_coordinates"])})


def _window(starts_at: str, ends_at: str, price: int, capacity: int | None) -> Window:
    times = (datetime.fromisoformat(starts_at), datetime.fromisoformat(ends_at))
    return Window(*times, price, capacity)


def _offer(document: dict[str, Any]) -> Offer:
    until = document["price_valid_until"]
    counts = [(place, *counts) for place, counts in document.pop("shelves")]
    moment = until and datetime.fromisoformat(until)
    return Offer(**document | {"price_valid_until": moment, "counts": counts})


def _booked(key: list[Any]) -> Booked:
    policy, day, *window = key
    starts_at, ends_at = (moment and datetime.fromisoformat(moment) for moment in window)
    return Booked(policy, date.fromisoformat(day), starts_at, ends_at)
