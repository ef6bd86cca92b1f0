"""Where a seller ships from and how: warehouses, pickup points, policies with their rates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sellers.models import (
    DeliveryWindow,
    FreightRate,
    PickupPoint,
    PolicyWarehouse,
    SellerAccount,
    ShippingPolicy,
    Warehouse,
)
from sellers.seller_file.merging import Counts, Target, merge
from sellers.seller_file.progress import Progress, watched
from sellers.seller_file.reading import Row

WAREHOUSES = Target(
    Warehouse,
    key=("account_id", "code"),
    values=(
        "name",
        "postal_code",
        "country",
        "priority",
        "cutoff",
        "handling_days",
        "is_active",
    ),
)
PICKUP_POINTS = Target(
    PickupPoint,
    key=("account_id", "ref"),
    values=(
        "friendly_name",
        "additional_info",
        "postal_code",
        "city",
        "state",
        "country",
        "street",
        "number",
        "neighborhood",
        "complement",
        "reference",
        "longitude",
        "latitude",
    ),
)
POLICIES = Target(
    ShippingPolicy,
    key=("account_id", "ref"),
    values=("name", "channel", "pickup_point_id", "is_active"),
)
PLACES = Target(
    PolicyWarehouse, key=("policy_id", "warehouse_id"), values=("position",), parent="policy_id"
)
RATES = Target(
    FreightRate,
    key=("policy_id", "country", "postal_from", "postal_to", "max_weight_g"),
    values=("price_cents", "estimate"),
    parent="policy_id",
)
WINDOWS = Target(
    DeliveryWindow,
    key=("policy_id", "starts_at", "ends_at"),
    values=("price_cents",),
    parent="policy_id",
)
Kinds = Iterator[tuple[str, Counts]]


def merge_warehouses(rows: list[Row], account: SellerAccount) -> Counts:
    """A present list is the whole truth: the warehouses it leaves out are retired."""
    filled = [
        row | {"country": row["country"] or account.country, "is_active": True} for row in rows
    ]
    counts = merge(WAREHOUSES, (_row(WAREHOUSES, row, account.pk) for row in filled))
    others = Warehouse.objects.filter(account=account, is_active=True)
    retired = others.exclude(code__in=[row["code"] for row in rows]).update(is_active=False)
    return counts + Counts(removed=retired)


def merge_pickup_points(rows: list[Row], account: SellerAccount) -> Counts:
    """Points the file leaves out stay: only a policy offers them."""
    return merge(PICKUP_POINTS, (_row(PICKUP_POINTS, _located(row), account.pk) for row in rows))


def merge_policies(rows: list[Row], account: SellerAccount, progress: Progress) -> Kinds:
    """A present list is the whole truth: the policies it leaves out are no longer offered."""
    points = dict(PickupPoint.objects.filter(account=account).values_list("ref", "pk"))
    filled = [
        row | {"pickup_point_id": points.get(row["pickup_point"]), "is_active": True}
        for row in rows
    ]
    counts = merge(POLICIES, (_row(POLICIES, row, account.pk) for row in filled))
    others = ShippingPolicy.objects.filter(account=account, is_active=True)
    retired = others.exclude(ref__in=[row["ref"] for row in rows]).update(is_active=False)
    yield "shipping_policies", counts + Counts(removed=retired)
    ids = dict(ShippingPolicy.objects.filter(account=account).values_list("ref", "pk"))
    yield from _merge_parts(rows, ids, account, progress)


def _merge_parts(
    rows: list[Row], ids: dict[str, int], account: SellerAccount, progress: Progress
) -> Kinds:
    served = [row for row in rows if row["warehouses"] is not None]
    if served:
        yield "policy_warehouses", _merge_places(served, ids, account)
    for kind, target in (("rates", RATES), ("windows", WINDOWS)):
        present = [row for row in rows if row[kind] is not None]
        parts = [(ids[row["ref"]], part) for row in present for part in row[kind]]
        if present:
            listed = watched(parts, kind=kind, progress=progress)
            yield (
                "delivery_windows" if kind == "windows" else kind,
                merge(
                    target,
                    (_row(target, part, policy_id) for policy_id, part in listed),
                    whole_for=[ids[row["ref"]] for row in present],
                ),
            )


def _merge_places(rows: list[Row], ids: dict[str, int], account: SellerAccount) -> Counts:
    """Positions are compared by their order alone, among warehouses that are not retired."""
    stored: dict[int, list[str]] = {}
    places = PolicyWarehouse.objects.filter(policy__account=account, warehouse__is_active=True)
    for policy_id, code in places.order_by("policy", "position", "pk").values_list(
        "policy_id", "warehouse__code"
    ):
        stored.setdefault(policy_id, []).append(code)
    same = [row for row in rows if stored.get(ids[row["ref"]], []) == row["warehouses"]]
    differing = [row for row in rows if row not in same]
    codes = dict(Warehouse.objects.filter(account=account).values_list("code", "pk"))
    counts = merge(
        PLACES,
        (
            (ids[row["ref"]], codes[code], position)
            for row in differing
            for position, code in enumerate(row["warehouses"])
        ),
        whole_for=[ids[row["ref"]] for row in differing],
    )
    return counts + Counts(unchanged=sum(len(row["warehouses"]) for row in same))


def _located(row: Row) -> Row:
    longitude, latitude = row["coordinates"]
    return row | {"longitude": longitude, "latitude": latitude}


def _row(target: Target, row: Row, parent_id: int) -> tuple[Any, ...]:
    """The row in the order of the target's columns, the first of which is its parent."""
    return (parent_id, *(row[name] for name in target.columns[1:]))
