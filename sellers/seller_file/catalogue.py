"""The SKUs of a seller file, with their prices by sales channel and the barcodes of their cases."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from sellers.models import CaseBarcode, SalesChannelPrice, SellerAccount, Sku
from sellers.seller_file.merging import Counts, Target, merge
from sellers.seller_file.progress import Progress, watched
from sellers.seller_file.reading import Row

SKUS = Target(
    Sku,
    key=("account_id", "ref"),
    values=(
        "name",
        "ref_code",
        "ean",
        "weight_g",
        "height_cm",
        "width_cm",
        "length_cm",
        "price_cents",
        "list_price_cents",
        "price_valid_until",
        "measurement_unit",
        "unit_multiplier",
        "is_active",
        "offerings",
    ),
    kept_when_null=("offerings",),
)
CHANNEL_PRICES = Target(
    SalesChannelPrice,
    key=("sku_id", "sales_channel"),
    values=("price_cents", "list_price_cents"),
    parent="sku_id",
)
CASE_BARCODES = Target(CaseBarcode, key=("sku_id", "barcode"), values=("units",), parent="sku_id")


def merge_catalogue(
    rows: list[Row], account: SellerAccount, progress: Progress
) -> Iterator[tuple[str, Counts]]:
    """SKUs the file leaves out stay as they are: `active` is how one is retired."""
    listed = watched(rows, kind="skus", progress=progress)
    yield "skus", merge(SKUS, (_sku(row, account.pk) for row in listed))
    yield from _merge_below(CHANNEL_PRICES, "sales_channel_prices", rows, account)
    yield from _merge_below(CASE_BARCODES, "case_barcodes", rows, account)


def _merge_below(
    target: Target, kind: str, rows: list[Row], account: SellerAccount
) -> Iterator[tuple[str, Counts]]:
    """The entries that SKUs bring along; a SKU that is silent about them keeps its own."""
    told = [row for row in rows if row[kind] is not None]
    if not told:
        return
    ids = sku_ids(account)
    entries = (
        (ids[row["ref"]], *(entry[name] for name in (*target.key[1:], *target.values)))
        for row in told
        for entry in row[kind]
    )
    yield kind, merge(target, entries, whole_for=[ids[row["ref"]] for row in told])


def sku_ids(account: SellerAccount) -> dict[str, int]:
    return dict(Sku.objects.filter(account=account).values_list("ref", "pk").iterator())


def _sku(row: Row, account_id: int) -> tuple[Any, ...]:
    offerings = row["offerings"]
    said = None if offerings is None else orjson.dumps(offerings).decode()
    return (account_id, row["ref"], *(row[name] for name in SKUS.values[:-1]), said)
