"""Seller file, format 1: every key, where it is kept, what it must be, what its absence means."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from sellers.models import ShippingPolicy
from sellers.rates import Cell, range_fault
from sellers.seller_file import values
from sellers.seller_file.problems import Problems, shown
from sellers.seller_file.reading import Entries, Part, Row, Shape, Value, read_object

FORMAT = 1
#: In `account`, an absent key keeps what is stored (or the model's default in a new account).
KEEP: Any = None
#: Left out of an export unless asked for: whoever holds these can act as the seller.
SECRETS = ("app_token", "inbound_app_token", "endpoint_key", "hook_header_value")

Fault = Iterator[tuple[str, str]]


def _list_price_not_below_price(row: Row) -> Fault:
    price, list_price = row["price_cents"], row["list_price_cents"]
    if price is not None and list_price is not None and list_price < price:
        yield (
            "list_price",
            _("must not be below the price (%(price)d), got %(list_price)d")
            % {"price": price, "list_price": list_price},
        )


def _sound_range(row: Row) -> Fault:
    fault = range_fault(
        Cell(row["country"], row["postal_from"], row["postal_to"], row["max_weight_g"])
    )
    if fault:
        yield "postal_to", fault


def _ends_after_it_starts(row: Row) -> Fault:
    if row["ends_at"] <= row["starts_at"]:
        yield "end", _("must be after start")


def _pickup_has_a_point(row: Row) -> Fault:
    is_pickup = row["channel"] == ShippingPolicy.Channel.PICKUP
    if is_pickup and row["pickup_point"] is None:
        yield "pickup_point", _("is missing: the channel is pickup-in-point")
    if not is_pickup and row["pickup_point"] is not None:
        yield (
            "pickup_point",
            _("belongs to the channel pickup-in-point only, got %(value)s")
            % {"value": shown(row["pickup_point"])},
        )


ACCOUNT = Shape(
    {
        "slug": Value("slug", values.slug),
        "name": Value("name", values.text(200), KEEP),
        "seller_id": Value("seller_id", values.ident(100), KEEP),
        "marketplace_account": Value("marketplace_account", values.ident(100), KEEP),
        "marketplace_url": Value("marketplace_url", values.base_url, KEEP),
        "app_key": Value("app_key", values.text(200, blank=True), KEEP),
        "app_token": Value("app_token", values.text(1000, blank=True), KEEP),
        "inbound_app_key": Value("inbound_app_key", values.text(200, blank=True), KEEP),
        "inbound_app_token": Value("inbound_app_token", values.text(1000, blank=True), KEEP),
        "endpoint_key": Value("endpoint_key", values.endpoint_key, KEEP),
        "hook_header_name": Value("hook_header_name", values.header_name, KEEP),
        "hook_header_value": Value("hook_header_value", values.text(1000, blank=True), KEEP),
        "country": Value("country", values.country, KEEP),
        "currency": Value("currency", values.currency, KEEP),
        "timezone": Value("timezone", values.zone, KEEP),
        "affiliate_id": Value("affiliate_id", values.affiliate, KEEP),
    }
)
#: A new account cannot do without these.
ACCOUNT_NEEDS = ("name", "seller_id", "marketplace_account", "marketplace_url")

WAREHOUSE = Shape(
    {
        "code": Value("code", values.ident(40)),
        "name": Value("name", values.text(200)),
        "postal_code": Value("postal_code", values.text(20, blank=True), ""),
        "country": Value("country", values.country, None),  # the account's
        "priority": Value("priority", values.whole(-values.MOST_UNITS, values.MOST_UNITS), 0),
        "cutoff": Value("cutoff", values.clock, time(14)),
        "handling_days": Value("handling_days", values.whole(0, 365), 0),
    }
)

ADDRESS = Shape(
    {
        "postal_code": Value("postal_code", values.text(20)),
        "city": Value("city", values.text(100)),
        "state": Value("state", values.text(60)),
        "country": Value("country", values.country),
        "street": Value("street", values.text(200)),
        "number": Value("number", values.text(30, blank=True), ""),
        "neighborhood": Value("neighborhood", values.text(100, blank=True), ""),
        "complement": Value("complement", values.text(100, blank=True), ""),
        "reference": Value("reference", values.text(200, blank=True), ""),
        "geo_coordinates": Value("coordinates", values.coordinates, (None, None)),
    }
)

PICKUP_POINT = Shape(
    {
        "id": Value("ref", values.pickup_id),
        "friendly_name": Value("friendly_name", values.text(200)),
        "additional_info": Value("additional_info", values.text(300, blank=True), ""),
        "address": Part(ADDRESS),
    }
)

OFFERING = Shape(
    {
        "type": Value("type", values.text(100)),
        "id": Value("id", values.ident(100)),
        "name": Value("name", values.text(200)),
        "price": Value("price", values.cents()),
    }
)

SALES_CHANNEL_PRICE = Shape(
    {
        "sales_channel": Value("sales_channel", values.ident(20)),
        "price": Value("price_cents", values.cents(free=False)),
        "list_price": Value("list_price_cents", values.cents(free=False), None),
    },
    rules=(_list_price_not_below_price,),
)

CASE_BARCODE = Shape(
    {
        "barcode": Value("barcode", values.ident(48)),
        "units": Value("units", values.whole(1, 9999)),
    }
)

SKU = Shape(
    {
        "id": Value("ref", values.ident(100)),
        "name": Value("name", values.text(300)),
        "ref_id": Value("ref_code", values.text(100, blank=True), ""),
        "ean": Value("ean", values.text(30, blank=True), ""),
        "weight_g": Value("weight_g", values.whole(0, values.MOST_UNITS), 0),
        "height_cm": Value("height_cm", values.decimal(2, 999_999), Decimal(0)),
        "width_cm": Value("width_cm", values.decimal(2, 999_999), Decimal(0)),
        "length_cm": Value("length_cm", values.decimal(2, 999_999), Decimal(0)),
        "price": Value("price_cents", values.cents(free=False), None),
        "list_price": Value("list_price_cents", values.cents(free=False), None),
        "price_valid_until": Value("price_valid_until", values.moment, None),
        "measurement_unit": Value("measurement_unit", values.text(20), "un"),
        "unit_multiplier": Value(
            "unit_multiplier", values.decimal(4, 99_999_999, positive=True), Decimal(1)
        ),
        "active": Value("is_active", values.flag, True),
        "offerings": Entries("offerings", OFFERING),
        "sales_channel_prices": Entries("sales_channel_prices", SALES_CHANNEL_PRICE),
        "case_barcodes": Entries("case_barcodes", CASE_BARCODE),
    },
    rules=(_list_price_not_below_price,),
)

STOCK = Shape(
    {
        "sku": Value("sku", values.ident(100)),
        "warehouse": Value("warehouse", values.ident(40)),
        "on_hand": Value("on_hand", values.whole(0, values.MOST_UNITS)),
        "safety": Value("safety", values.whole(0, values.MOST_UNITS), 0),
    }
)

RATE = Shape(
    {
        "country": Value("country", values.country),
        "postal_from": Value("postal_from", values.digits),
        "postal_to": Value("postal_to", values.digits),
        "max_weight_g": Value("max_weight_g", values.whole(0, values.MOST_UNITS), None),
        "price": Value("price_cents", values.cents()),
        "estimate": Value("estimate", values.estimate),
    },
    rules=(_sound_range,),
)

DELIVERY_WINDOW = Shape(
    {
        "start": Value("starts_at", values.moment),
        "end": Value("ends_at", values.moment),
        "price": Value("price_cents", values.cents(), 0),
    },
    rules=(_ends_after_it_starts,),
)

SHIPPING_POLICY = Shape(
    {
        "id": Value("ref", values.ident(60)),
        "name": Value("name", values.text(200)),
        "channel": Value("channel", values.one_of(*ShippingPolicy.Channel.values), "delivery"),
        "warehouses": Entries("warehouses", read=values.ident(40)),
        "pickup_point": Value("pickup_point", values.pickup_id, None),
        "rates": Entries("rates", RATE),
        "delivery_windows": Entries("windows", DELIVERY_WINDOW),
    },
    rules=(_pickup_has_a_point,),
)


def _format(value: Any) -> int:
    if type(value) is int and value == FORMAT:
        return value
    raise values.wrong(_("must be %(format)d") % {"format": FORMAT}, value)


DOCUMENT = Shape(
    {
        "format": Value("format", _format),
        "account": Part(ACCOUNT, "account"),
        "warehouses": Entries("warehouses", WAREHOUSE),
        "pickup_points": Entries("pickup_points", PICKUP_POINT),
        "skus": Entries("skus", SKU),
        "stock": Entries("stock", STOCK),
        "shipping_policies": Entries("shipping_policies", SHIPPING_POLICY),
    }
)


def read_document(given: Any, problems: Problems) -> Row:
    """The whole file as rows by column; what is at fault goes to `problems`."""
    return read_object(DOCUMENT, given, "", problems)
