"""VTEX's document in and out. The protocol's quirks stop here. Pure."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Mapping
from datetime import UTC, tzinfo
from functools import lru_cache
from operator import itemgetter
from typing import Any

import orjson

from simulation.types import (
    DELIVERY,
    PICKUP,
    Cart,
    Item,
    PickupAt,
    Promise,
    Quote,
    Quotes,
    Row,
    Simulation,
    Window,
    maker,
)

MOST_LINES = 500
MOST_UNITS = 1_000_000_000
DEFAULT_SALES_CHANNEL = "1"
#: Rendered pieces of each kind that are kept.
MOST_WRITTEN = 2_048


#: A cart of nothing, for who only wants to know whether there is a seller.
NOTHING = Cart(items=())


class Malformed(ValueError):
    """The request can't be understood; the message names the path of the first fault."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


# --- in -----------------------------------------------------------------------------------------


def parse(body: bytes, *, sales_channel: str | None = None, named: str = "The body") -> Cart:
    """The cart of a simulation request.

    Keys are read without regard to case, numbers and strings stand for each other, unknown fields
    are ignored; the sales channel of the query wins over the body's. Raises Malformed, in which
    the document is called what it is `named`.
    """
    document = _document(body, named)
    return Cart(
        items=_items(document.get("items")),
        country=_text(document, "country"),
        postal_code=_text(document, "postalcode"),
        geo_coordinates=_coordinates(document.get("geocoordinates")),
        sales_channel=sales_channel or _text(document, "sc") or DEFAULT_SALES_CHANNEL,
    )


def _document(body: bytes, named: str) -> dict[str, Any]:
    try:
        document = orjson.loads(body.removeprefix(BOM_UTF8))
    except orjson.JSONDecodeError as error:
        raise Malformed("malformed-json", f"{named} is not {_lacking(body, error)}.") from error
    if not isinstance(document, dict):
        raise _fault(_NAMES.get(named, named), "must be an object", document)
    return _folded(document)


def _lacking(body: bytes, error: orjson.JSONDecodeError) -> str:
    """JSON in another encoding is no slip of its writer's in JSON."""
    try:
        is_text = "\0" not in body.decode()
    except UnicodeDecodeError:
        is_text = False
    return f"JSON: {error}" if is_text else "UTF-8 text"


def _folded(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {key.lower(): value for key, value in entry.items()}


def _items(entries: Any) -> tuple[Item, ...]:
    if not isinstance(entries, list):
        raise _fault("items", "must be a list", entries)
    if len(entries) > MOST_LINES:
        message = f"items: at most {MOST_LINES} lines are answered, got {len(entries)}."
        raise Malformed("too-many-items", message)
    try:
        found = list(map(_as_vtex_sends_it, entries))
    except (KeyError, TypeError):
        found = list(map(_fields_if_usual, entries))
    return tuple(
        [
            _item((position, ref, quantity, seller))
            if type(ref) is type(seller) is str
            and ref
            and type(quantity) is int
            and 0 < quantity <= MOST_UNITS
            else _odd_item(position, entries[position])
            for position, (ref, quantity, seller) in enumerate(found)
        ]
    )


_item = maker(Item)
_as_vtex_sends_it = itemgetter("id", "quantity", "seller")


def _fields_if_usual(entry: Any) -> tuple[Any, ...]:
    """Of a line that is read without a second look; what is odd needs one."""
    try:
        return tuple(_as_vtex_sends_it(entry))
    except (KeyError, TypeError):
        return None, None, None


def _odd_item(position: int, entry: Any) -> Item:
    if not isinstance(entry, dict):
        raise _fault(f"items[{position}]", "must be an object", entry)
    folded = _folded(entry)
    return Item(
        position,
        _ref(position, folded.get("id")),
        _quantity(position, folded.get("quantity")),
        _seller(position, folded.get("seller")),
    )


def _ref(position: int, value: Any) -> str:
    if type(value) is str and value:
        return value
    if type(value) is int:
        return str(value)
    raise _fault(f"items[{position}].id", "must be a SKU id", value)


def _quantity(position: int, value: Any) -> int:
    whole = _whole(value)
    if whole is None or not 0 < whole <= MOST_UNITS:
        raise _fault(
            f"items[{position}].quantity", f"must be a whole number from 1 to {MOST_UNITS}", value
        )
    return whole


def _whole(value: Any) -> int | None:
    if type(value) is int:
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 12:
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return None


def _seller(position: int, value: Any) -> str | None:
    if value is None or type(value) is str:
        return value
    if type(value) is int:
        return str(value)
    raise _fault(f"items[{position}].seller", "must be a seller id", value)


def _text(document: Mapping[str, Any], key: str) -> str | None:
    value = document.get(key)
    if value is None or type(value) is str:
        return value
    if type(value) is int:
        return str(value)
    raise _fault(key, "must be text", value)


def _coordinates(value: Any) -> tuple[Any, ...]:
    if value is None:
        return ()
    if isinstance(value, list) and all(type(each) in (int, float, str) for each in value):
        return tuple(value)
    raise _fault("geoCoordinates", "must be a list of numbers", value)


_NAMES = {
    "postalcode": "postalCode",
    "geocoordinates": "geoCoordinates",
    "The body": "body",
}


def _fault(path: str, rule: str, value: Any) -> Malformed:
    shown = orjson.dumps(value).decode()
    shown = shown if len(shown) <= 40 else f"{shown[:39]}…"
    return Malformed("invalid-field", f"{_NAMES.get(path, path)}: {rule}, got {shown}.")


# --- out ----------------------------------------------------------------------------------------


def render(simulation: Simulation) -> bytes:
    """The answer: the fields of VTEX's OpenAPI file and of its older document at once."""
    cart = simulation.cart
    seller = simulation.account.seller_id
    ships_to = simulation.ships_to
    return orjson.dumps(
        {
            "country": cart.country,
            "postalCode": cart.postal_code,
            "geoCoordinates": cart.geo_coordinates,
            "items": [_item_out(row, seller) for row in simulation.rows],
            "logisticsInfo": [_logistics(row, ships_to) for row in simulation.rows],
            "allowMultipleDeliveries": True,
        }
    )


def _item_out(row: Row, own_seller_id: str) -> dict[str, Any]:
    item, offer, quantity, _balance, _by_channel, _quotes = row
    position, ref, _asked, seller = item
    until = offer.price_valid_until
    return {
        "id": ref,
        "requestIndex": position,
        "quantity": quantity,
        "seller": own_seller_id if seller is None else seller,
        "price": offer.price,
        "listPrice": offer.list_price,
        "priceTags": (),
        "priceValidUntil": None if until is None else until.astimezone(UTC).isoformat(),
        "measurementUnit": offer.measurement_unit,
        "unitMultiplier": _number(offer.unit_multiplier),
        "merchantName": None,
        "offerings": offer.offerings or (),
        "attachmentOfferings": (),
    }


def _number(value: float) -> int | float:
    """1.0 as 1: VTEX's file types the multiplier as an integer, shops have 0.3 as well."""
    return int(value) if value.is_integer() else value


def _logistics(row: Row, ships_to: tuple[str, ...]) -> dict[str, Any]:
    item, _offer, quantity, balance, (delivery, pickup), quotes = row
    return {
        "itemIndex": item.position,
        "quantity": quantity,
        "stockBalance": balance,
        "shipsTo": ships_to,
        "slas": quotes.written or _slas(quotes),
        "deliveryChannels": (
            {"id": DELIVERY, "stockBalance": delivery},
            {"id": PICKUP, "stockBalance": pickup},
        ),
    }


# --- slas: most of an answer, and most of each is the same in every answer ------------------------


def _slas(quotes: Quotes) -> orjson.Fragment:
    written = orjson.Fragment(b"[%b]" % b",".join([_sla(quote) for quote in quotes]))
    quotes.written = written
    return written


def _sla(quote: Quote) -> bytes:
    policy, rate, promise, windows, _warehouses = quote
    by = promise.by
    return b'{%b,"price":%d,%b,%b}' % (
        _of_policy(policy.ref, policy.name, policy.channel),
        rate.price,
        _of_promise(promise, by.tzinfo, by.fold),
        _of_choices(windows, policy.pickup),
    )


@lru_cache(maxsize=MOST_WRITTEN)
def _of_policy(ref: str, name: str, channel: str) -> bytes:
    return _fields(id=ref, name=name, deliveryChannel=channel)


@lru_cache(maxsize=MOST_WRITTEN)
def _of_promise(promise: Promise, zone: tzinfo | None, fold: int) -> bytes:
    """Moments that are equal are not written alike in every zone, nor when clocks are put back:
    `zone` and `fold` are there to tell them apart."""
    estimate, by = promise
    return _fields(shippingEstimate=estimate, shippingEstimateDate=by.isoformat())


@lru_cache(maxsize=MOST_WRITTEN)
def _of_choices(windows: tuple[Window, ...], pickup: PickupAt | None) -> bytes:
    return _fields(
        availableDeliveryWindows=[_window(window) for window in windows],
        pickupStoreInfo=_pickup(pickup) if pickup else None,
    )


def _fields(**values: Any) -> bytes:
    """The members of a JSON object, without its braces."""
    return orjson.dumps(values)[1:-1]


def _window(window: Window) -> dict[str, Any]:
    return {
        "startDateUtc": window.starts_at.astimezone(UTC).isoformat(),
        "endDateUtc": window.ends_at.astimezone(UTC).isoformat(),
        "price": window.price,
    }


def _pickup(point: PickupAt) -> dict[str, Any]:
    return {
        "isPickupStore": True,
        "friendlyName": point.friendly_name,
        "additionalInfo": point.additional_info,
        "address": {
            "addressType": "pickup",
            "receiverName": None,
            "addressId": point.ref,
            "postalCode": point.postal_code,
            "city": point.city,
            "state": point.state,
            "country": point.country,
            "street": point.street,
            "number": point.number,
            "neighborhood": point.neighborhood,
            "complement": point.complement,
            "reference": point.reference,
            "geoCoordinates": point.geo_coordinates,
        },
    }
