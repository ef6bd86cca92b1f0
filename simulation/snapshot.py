"""Everything an answer depends on, read from the database: the only I/O of a simulation.

One statement for what lives (account, prices, stock, bookings), however large the cart and the
catalogue; a second one only when the tariff revision it names is new to this process.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Any, NamedTuple

import orjson

from sellers.authentication import check_credentials
from sellers.credentials import decrypt
from sellers.errors import NotFound
from simulation import database
from simulation.tariffs import tariff_of
from simulation.types import Account, Booked, Cart, Offer, Shelf, Snapshot

_SQL = files("simulation").joinpath("snapshot.sql").read_text()
_CREDENTIALS = ("Authorization", "X-VTEX-API-AppKey", "X-VTEX-API-AppToken")


class _Row(NamedTuple):
    """One line of snapshot.sql: the account, again on each line, and one of its SKUs or nulls."""

    account_id: int
    seller_id: str
    country: str
    timezone: str
    tariff_revision: int
    inbound_app_key: str
    inbound_app_token: str
    booked: list[Any] | None
    sku_id: int | None
    ref: str
    is_active: bool
    price: int | None
    list_price: int | None
    price_is_of_channel: bool
    price_valid_until: datetime | None
    weight_g: int
    measurement_unit: str
    unit_multiplier: float
    offerings: str | None
    shelves: list[list[int]] | None


def load(*, endpoint_key: str, headers: Mapping[str, str], cart: Cart, now: datetime) -> Snapshot:
    """What is true now of the account and of this cart's SKUs.

    Raises NotFound for an unknown or inactive account, Unauthenticated for wrong credentials
    (none at all are fine), Unavailable when the database does not answer in time.
    """
    rows = _read(endpoint_key, cart, now)
    first = _Row._make(rows[0])
    _check(first, headers)
    return Snapshot(
        account=Account._make(rows[0][:5]),
        tariff=tariff_of(account_id=first.account_id, revision=first.tariff_revision, now=now),
        offers={row[9]: _offer(_Row._make(row)) for row in rows if row[8] is not None},
        booked=_booked(first.booked),
    )


def _read(endpoint_key: str, cart: Cart, now: datetime) -> Sequence[tuple[Any, ...]]:
    rows: Sequence[tuple[Any, ...]] = ()
    if endpoint_key.isascii() and endpoint_key.isalnum():
        params = {
            "key": endpoint_key,
            "refs": list({item.ref for item in cart.items if "\0" not in item.ref}),
            "channel": cart.sales_channel.replace("\0", ""),
            "now": now,
            "since": (now - timedelta(days=1)).date(),
        }
        rows = database.read(_SQL, params)
    if not rows:
        raise NotFound("unknown-endpoint", "There is no seller at this address.")
    return rows


def _check(account: _Row, headers: Mapping[str, str]) -> None:
    if account.inbound_app_key and any(name in headers for name in _CREDENTIALS):
        check_credentials(
            app_key=account.inbound_app_key,
            app_token=decrypt(account.inbound_app_token),
            headers=headers,
            required=False,
        )


def _offer(row: _Row) -> Offer:
    price = row.price
    return Offer(
        id=row.sku_id or 0,
        ref=row.ref,
        is_active=row.is_active,
        price=price,
        list_price=max(price, row.list_price or 0) if price else None,
        price_is_of_channel=row.price_is_of_channel,
        price_valid_until=row.price_valid_until,
        weight_g=row.weight_g,
        measurement_unit=row.measurement_unit,
        unit_multiplier=row.unit_multiplier,
        offerings=orjson.loads(row.offerings) if row.offerings else (),
        shelves={place: Shelf._make(counts) for place, *counts in row.shelves or ()},
    )


def _booked(rows: list[Any] | None) -> dict[Booked, int]:
    return {
        Booked(policy, day, starts_at, ends_at): orders
        for policy, day, starts_at, ends_at, orders in rows or ()
    }
