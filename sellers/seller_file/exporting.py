"""Writes a stored seller as the document that loads it again, in an order that never varies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Model, QuerySet

from sellers.models import (
    CaseBarcode,
    DeliveryWindow,
    FreightRate,
    PickupPoint,
    PolicyWarehouse,
    SalesChannelPrice,
    SellerAccount,
    ShippingPolicy,
    Sku,
    StockLevel,
    Warehouse,
)
from sellers.seller_file import schema
from sellers.seller_file.reading import Shape, Value

Document = dict[str, Any]


def export_seller(
    account: SellerAccount, *, with_secrets: bool = False, refs: Collection[str] | None = None
) -> Document:
    """The seller as a seller file, format 1; retired warehouses and policies are left out, and so
    are SKUs other than `refs`, when given.

    Without secrets (`schema.SECRETS`), loading it keeps the stored ones, or makes a new endpoint
    key for a new account.
    """
    return {
        "format": schema.FORMAT,
        "account": _account(account, with_secrets),
        "warehouses": _written(schema.WAREHOUSE, _warehouses(account), "code"),
        "pickup_points": _pickup_points(account),
        "skus": _skus(account, refs),
        "stock": _stock(account, refs),
        "shipping_policies": _policies(account),
    }


def _account(account: SellerAccount, with_secrets: bool) -> Document:
    return {
        key: getattr(account, key)
        for key in schema.ACCOUNT.keys
        if with_secrets or key not in schema.SECRETS
    }


def _warehouses(account: SellerAccount) -> QuerySet[Warehouse]:
    return Warehouse.objects.filter(account=account, is_active=True)


def _pickup_points(account: SellerAccount) -> list[Document]:
    points = PickupPoint.objects.filter(account=account)
    return [
        _plain(schema.PICKUP_POINT, point)
        | {
            "address": _plain(schema.ADDRESS, point)
            | {"geo_coordinates": _coordinates(point.longitude, point.latitude)}
        }
        for point in sorted(points, key=lambda point: point.ref)
    ]


def _coordinates(longitude: float | None, latitude: float | None) -> list[float] | None:
    return None if longitude is None or latitude is None else [longitude, latitude]


def _skus(account: SellerAccount, refs: Collection[str] | None) -> list[Document]:
    skus = Sku.objects.filter(account=account)
    skus = skus if refs is None else skus.filter(ref__in=refs)
    prices = _by_parent(
        schema.SALES_CHANNEL_PRICE,
        SalesChannelPrice.objects.filter(sku__in=skus),
        parent="sku_id",
        order=("sales_channel",),
    )
    cases = _by_parent(
        schema.CASE_BARCODE,
        CaseBarcode.objects.filter(sku__in=skus),
        parent="sku_id",
        order=("barcode",),
    )
    return [
        _sku(sku)
        | {"offerings": sku.offerings, "sales_channel_prices": prices.get(sku.pk, [])}
        | ({"case_barcodes": cases[sku.pk]} if sku.pk in cases else {})
        for sku in _sorted(skus, "ref")
    ]


def _sku(sku: Sku) -> Document:
    """Case barcodes came to the format late: only SKUs that have some carry the key."""
    document = _plain(schema.SKU, sku)
    del document["case_barcodes"]
    return document


def _stock(account: SellerAccount, refs: Collection[str] | None) -> list[Document]:
    levels = StockLevel.objects.filter(sku__account=account, warehouse__is_active=True)
    levels = levels if refs is None else levels.filter(sku__ref__in=refs)
    columns = ("sku__ref", "warehouse__code", "on_hand", "safety")
    return [
        dict(zip(schema.STOCK.keys, level, strict=True))
        for level in sorted(levels.values_list(*columns).iterator())
    ]


def _policies(account: SellerAccount) -> list[Document]:
    policies = ShippingPolicy.objects.filter(account=account, is_active=True)
    rates = _by_parent(
        schema.RATE,
        FreightRate.objects.filter(policy__in=policies),
        parent="policy_id",
        order=("country", "postal_from", "postal_to", "max_weight_g"),
    )
    windows = _by_parent(
        schema.DELIVERY_WINDOW,
        DeliveryWindow.objects.filter(policy__in=policies),
        parent="policy_id",
        order=("start", "end"),
    )
    served = _served(policies)
    return [
        _plain(schema.SHIPPING_POLICY, policy)
        | {
            "warehouses": served[policy.pk],
            "pickup_point": policy.pickup_point.ref if policy.pickup_point else None,
            "rates": rates.get(policy.pk, []),
            "delivery_windows": windows.get(policy.pk, []),
        }
        for policy in _sorted(policies.select_related("pickup_point"), "ref")
    ]


def _served(policies: QuerySet[ShippingPolicy]) -> defaultdict[int, list[str]]:
    served: defaultdict[int, list[str]] = defaultdict(list)
    places = PolicyWarehouse.objects.filter(policy__in=policies, warehouse__is_active=True)
    for policy_id, code in places.order_by("policy", "position", "pk").values_list(
        "policy_id", "warehouse__code"
    ):
        served[policy_id].append(code)
    return served


# --- by shape ---------------------------------------------------------------------------------


def _written(shape: Shape, rows: QuerySet[Any], order: str) -> list[Document]:
    return [_plain(shape, row) for row in _sorted(rows, order)]


def _sorted(rows: QuerySet[Any], order: str) -> list[Any]:
    """Sorted here: the database's collation differs from one server to the next."""
    return sorted(rows.order_by().iterator(), key=lambda row: str(getattr(row, order)))


def _by_parent(
    shape: Shape, rows: QuerySet[Any], *, parent: str, order: tuple[str, ...]
) -> dict[int, list[Document]]:
    columns = [value.column for value in shape.keys.values() if isinstance(value, Value)]
    found: defaultdict[int, list[Document]] = defaultdict(list)
    for parent_id, *values in rows.order_by().values_list(parent, *columns).iterator():
        found[parent_id].append(dict(zip(shape.keys, map(_json, values), strict=True)))
    for documents in found.values():
        documents.sort(key=lambda document: [_rank(document[key]) for key in order])
    return found


def _rank(value: Any) -> tuple[bool, Any]:
    """Null, which is “any”, comes last."""
    return (value is None, value if value is not None else 0)


def _plain(shape: Shape, row: Model) -> Document:
    """The keys whose value the row has itself, in the order of the shape; callers fill the rest."""
    return {
        key: _json(getattr(row, value.column))
        if isinstance(value, Value) and hasattr(row, value.column)
        else None
        for key, value in shape.keys.items()
    }


def _json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value.isoformat("minutes") if hasattr(value, "isoformat") else value
