"""What there is much of, as INSERT … SELECT: SKUs, stock, holds, prices, rates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from django.db import connection, models

from benchmarks.shape import BANDS, CODES, FIRST_CODE, PICKUP_POINTS, POLICIES, ref_of
from sellers.models import (
    FreightRate,
    Hold,
    SalesChannelPrice,
    SellerAccount,
    ShippingPolicy,
    Sku,
    StockLevel,
)

CHUNK = 50_000


class Step(NamedTuple):
    """A piece of the preparation; `rows` is its share of the progress bar."""

    name: str
    rows: int
    sql: str
    params: Mapping[str, Any]


def steps_of(account: SellerAccount, size: int, *, ranges: int) -> Iterator[Step]:
    """Everything an account of `size` SKUs needs beside its policies and warehouses."""
    yield _rates(account, ranges)
    yield _pickup_rates(account)
    for first in range(1, size + 1, CHUNK):
        last = min(first + CHUNK - 1, size)
        yield _skus(account, first, last)
        yield _levels(account, first, last)
        yield _holds(account, first, last)
        yield _channel_prices(account, first, last)


# --- rates ----------------------------------------------------------------------------------------


def _rates(account: SellerAccount, ranges: int) -> Step:
    """Each policy over all ranges and bands, dearer by policy, distance and weight."""
    source = f"""
        FROM sellers_shippingpolicy p
        CROSS JOIN generate_series(0, {ranges - 1}) AS r(n)
        CROSS JOIN unnest(%(bands)s::int[]) WITH ORDINALITY AS b(max_weight_g, step)
        WHERE p.account_id = %(account)s AND p.channel = '{ShippingPolicy.Channel.DELIVERY}'
    """
    columns = _range_columns(CODES // ranges) | {
        "max_weight_g": "b.max_weight_g",
        "price_cents": "(500 + substr(p.ref, 9)::int * 100 + r.n + b.step * 250)",
        "estimate": "((1 + (r.n + substr(p.ref, 9)::int) %% 9) || "
        "CASE WHEN substr(p.ref, 9)::int %% 2 = 0 THEN 'bd' ELSE 'd' END)",
    }
    rows = POLICIES * ranges * len(BANDS)
    return step("rates", rows, account, FreightRate, columns, source, bands=list(BANDS))


def _pickup_rates(account: SellerAccount) -> Step:
    """Each pickup point in one range of its own, free of charge."""
    source = """
        FROM (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM sellers_shippingpolicy
              WHERE account_id = %(account)s AND channel = %(pickup)s) r
        JOIN sellers_shippingpolicy p USING (id)
    """
    columns = _range_columns(CODES // PICKUP_POINTS) | {"price_cents": "0", "estimate": "'2bd'"}
    pickup = ShippingPolicy.Channel.PICKUP
    return step("pickup rates", PICKUP_POINTS, account, FreightRate, columns, source, pickup=pickup)


def _range_columns(span: int) -> dict[str, str]:
    return {
        "policy_id": "p.id",
        "country": "'BRA'",
        "postal_from": f"lpad(({FIRST_CODE} + r.n * {span})::text, 8, '0')",
        "postal_to": f"lpad(({FIRST_CODE} + (r.n + 1) * {span} - 1)::text, 8, '0')",
    }


# --- catalogue and stock --------------------------------------------------------------------------


def _skus(account: SellerAccount, first: int, last: int) -> Step:
    columns = {
        "account_id": "%(account)s",
        "ref": "lpad(n::text, 7, '0')",
        "name": "'Item ' || n",
        "ref_code": "'R' || n",
        "ean": "(7890000000000 + n)::text",
        "weight_g": f"100 + {_drawn('n', 3_000)}",
        "price_cents": f"990 + {_drawn('n', 50_000)}",
        "list_price_cents": f"990 + {_drawn('n', 50_000)} + n %% 2 * 500",
    }
    source = "FROM generate_series(%(first)s::int, %(last)s::int) n"
    return step(
        f"SKUs from {first:,}",
        last - first + 1,
        account,
        Sku,
        columns,
        source,
        first=first,
        last=last,
    )


def _levels(account: SellerAccount, first: int, last: int) -> Step:
    """Enough for any cart of the benchmark; now and then nothing at the preferred warehouse."""
    columns = {
        "sku_id": "s.id",
        "warehouse_id": "w.id",
        "on_hand": f"CASE WHEN s.id %% 50 = 0 AND w.priority = 0 THEN 2 "
        f"ELSE 20 + {_drawn('s.id * 2 + w.priority', 200)} END",
        "held": "CASE WHEN s.id %% 25 = 0 THEN 2 ELSE 0 END",
    }
    source = f"""
        FROM sellers_sku s JOIN sellers_warehouse w ON w.account_id = s.account_id
        WHERE {_SKUS_OF_CHUNK}
    """
    return _chunk("stock", 2, account, StockLevel, columns, source, first, last)


def _holds(account: SellerAccount, first: int, last: int) -> Step:
    """Behind every held unit a hold, and half of these have expired."""
    columns = {
        "level_id": "v.id",
        "seller_order_id": "'benchmark-' || v.id",
        "line_index": "0",
        "quantity": "2",
        "expires_at": "CASE WHEN v.id %% 2 = 0 THEN timestamptz '2026-01-01' END",
        "created_at": "timestamptz '2025-12-31'",
    }
    source = f"""
        FROM sellers_sku s JOIN sellers_stocklevel v ON v.sku_id = s.id
        WHERE v.held > 0 AND {_SKUS_OF_CHUNK}
    """
    return _chunk("holds", 0, account, Hold, columns, source, first, last)


def _channel_prices(account: SellerAccount, first: int, last: int) -> Step:
    columns = {"sku_id": "s.id", "sales_channel": "'1'", "price_cents": "s.price_cents - 90"}
    source = f"FROM sellers_sku s WHERE s.id %% 20 = 0 AND {_SKUS_OF_CHUNK}"
    return _chunk("prices", 0, account, SalesChannelPrice, columns, source, first, last)


_SKUS_OF_CHUNK = "s.account_id = %(account)s AND s.ref BETWEEN %(low)s AND %(high)s"


def _drawn(number: str, below: int) -> str:
    """A number from 0 that looks drawn, and is the same each time."""
    return f"((hashint8({number}) & 2147483647) %% {below})"


# --- putting a step together ----------------------------------------------------------------------


def _chunk(
    what: str,
    rows: int,
    account: SellerAccount,
    model: type[models.Model],
    columns: Mapping[str, str],
    source: str,
    first: int,
    last: int,
) -> Step:
    span = {"low": ref_of(first), "high": ref_of(last)}
    count = rows * (last - first + 1)
    return step(f"{what} from {first:,}", count, account, model, columns, source, **span)


def step(
    what: str,
    rows: int,
    account: SellerAccount,
    model: type[models.Model],
    columns: Mapping[str, str],
    source: str,
    **params: object,
) -> Step:
    """INSERT … SELECT, with the model's own default for every column that is not named."""
    defaults: dict[str, Any] = {
        str(field.column): field.get_db_prep_save(field.get_default(), connection)
        for field in model._meta.concrete_fields
        if field.column not in columns and not field.primary_key
    }
    values = dict(columns) | {column: f"%({column})s" for column in defaults}
    sql = (
        f"INSERT INTO {model._meta.db_table} ({', '.join(values)}) "
        f"SELECT {', '.join(values.values())} {source}"
    )
    return Step(f"{account.slug} {what}", rows, sql, {"account": account.pk, **params, **defaults})
