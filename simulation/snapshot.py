"""Everything an answer depends on, read from the database: the only I/O of a simulation.

One statement for what lives (account, prices, stock, bookings), however large the cart and the
catalogue; a second one only when the tariff revision it names is new to this process.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib.resources import files
from typing import Any, NamedTuple

import orjson

from sellers.authentication import check_credentials
from sellers.credentials import decrypt
from sellers.errors import NotFound
from simulation import database
from simulation.prepared import array_of
from simulation.tariffs import tariff_of
from simulation.types import Account, Booked, Cart, Offer, Snapshot, maker

_SQL = files("simulation").joinpath("snapshot.sql").read_text()
_CREDENTIALS = ("Authorization", "X-VTEX-API-AppKey", "X-VTEX-API-AppToken")


class _Account(NamedTuple):
    """How each line of snapshot.sql begins; the rest is one of its SKUs, or nulls."""

    id: int
    seller_id: str
    country: str
    timezone: str
    tariff_revision: int
    inbound_app_key: str
    inbound_app_token: str
    booked: list[Any] | None


_WIDTH = len(_Account._fields)
_offer = maker(Offer)
_ID, _REF, _OFFERINGS = (_WIDTH + Offer._fields.index(name) for name in ("id", "ref", "offerings"))


def load(
    *,
    endpoint_key: str,
    headers: Mapping[str, str],
    cart: Cart,
    now: datetime,
    until: float | None = None,
) -> Snapshot:
    """What is true now of the account and of this cart's SKUs.

    Waits until `until` (of time.monotonic) at most. Raises NotFound for an unknown or inactive
    account, Unauthenticated for wrong credentials (none at all are fine), Unavailable when the
    database does not answer in time.
    """
    until = database.soon() if until is None else until
    rows = _read(endpoint_key, cart, now, until)
    account = _Account._make(rows[0][:_WIDTH])
    _check(account, headers)
    return Snapshot(
        account=Account._make(account[:5]),
        tariff=tariff_of(
            account_id=account.id, revision=account.tariff_revision, now=now, until=until
        ),
        offers={
            row[_REF]: _offer(row[_WIDTH:]) if row[_OFFERINGS] is None else _with_offerings(row)
            for row in rows
            if row[_ID] is not None
        },
        booked=_booked(account.booked),
    )


def _read(endpoint_key: str, cart: Cart, now: datetime, until: float) -> Sequence[tuple[Any, ...]]:
    rows: Sequence[tuple[Any, ...]] = ()
    if endpoint_key.isascii() and endpoint_key.isalnum():
        params = (
            endpoint_key,
            array_of({item.ref for item in cart.items if "\0" not in item.ref}),
            cart.sales_channel.replace("\0", ""),
            now.isoformat(),
        )
        rows = database.read(_SQL, params, until=until)
    if not rows:
        raise NotFound("unknown-endpoint", "There is no seller at this address.")
    return rows


def _check(account: _Account, headers: Mapping[str, str]) -> None:
    if account.inbound_app_key and any(name in headers for name in _CREDENTIALS):
        check_credentials(
            app_key=account.inbound_app_key,
            app_token=decrypt(account.inbound_app_token),
            headers=headers,
            required=False,
        )


def _with_offerings(row: tuple[Any, ...]) -> Offer:
    return _offer(row[_WIDTH:])._replace(offerings=orjson.loads(row[_OFFERINGS]))


def _booked(rows: list[Any] | None) -> dict[Booked, int]:
    return {
        Booked(policy, day, starts_at, ends_at): orders
        for policy, day, starts_at, ends_at, orders in rows or ()
    }
