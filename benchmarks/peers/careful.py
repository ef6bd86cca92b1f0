"""The careful peer: `values_list`, plain dicts, no models, no serializers, orjson.

A dozen lean queries, each once per request; nothing is kept from one request to the next.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import orjson
from django.db.models import F, OuterRef, Subquery, Sum
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from benchmarks.peers.estimates import Estimator
from sellers.models import (
    CapacityUse,
    Closure,
    DeliveryWindow,
    FreightRate,
    Hold,
    PolicyWarehouse,
    SalesChannelPrice,
    SellerAccount,
    ShippingPolicy,
    Sku,
    StockLevel,
    Warehouse,
)

CHANNELS = ("delivery", "pickup-in-point")
POINT = (
    "ref", "friendly_name", "additional_info", "postal_code", "city", "state", "country",
    "street", "number", "neighborhood", "complement", "reference", "longitude", "latitude",
)  # fmt: skip
Json = dict[str, Any]
Rate = tuple[Any, ...]  # heaviest weight or None, price, estimate


class Account(NamedTuple):
    id: int
    country: str
    timezone: str


class Policy(NamedTuple):
    """An open policy, its sla without price and estimate, and its ladder of rates."""

    channel: str
    warehouses: list[int]
    sla: Json
    rates: list[Rate]


@csrf_exempt
def simulation(request: HttpRequest, endpoint_key: str) -> HttpResponse:
    cart = orjson.loads(request.body)
    found = SellerAccount.objects.filter(endpoint_key=endpoint_key, is_active=True)
    account = Account(*found.values_list("id", "country", "timezone").get())
    body = orjson.dumps(_Answer(account, cart, request.GET.get("sc", "1")).document())
    return HttpResponse(body, content_type="application/json")


class _Answer:
    def __init__(self, account: Account, cart: Json, sales_channel: str) -> None:
        self.account = account
        self.cart = cart
        self.sales_channel = sales_channel
        self.now = timezone.now()
        self.local = self.now.astimezone(ZoneInfo(account.timezone))

    def document(self) -> Json:
        self._read_warehouses()
        code = (self.cart.get("postalCode") or "").replace("-", "")
        country = self.cart.get("country") or self.account.country
        self.policies = self._open_policies(country, code) if code else []
        self._read_skus([item["id"] for item in self.cart["items"]])
        return {
            "country": self.cart.get("country"),
            "postalCode": self.cart.get("postalCode"),
            "geoCoordinates": self.cart.get("geoCoordinates") or [],
            "allowMultipleDeliveries": True,
            **self._rows(),
        }

    # --- what is offered ---------------------------------------------------------------------

    def _read_warehouses(self) -> None:
        rows = Warehouse.objects.filter(account_id=self.account.id, is_active=True).values_list(
            "id", "country", "state", "cutoff", "handling_days"
        )
        self.warehouses = {row[0]: row[1:] for row in rows}
        closures = Closure.objects.filter(account_id=self.account.id)
        self.estimator = Estimator(self.local, closures.values_list("warehouse_id", "closed_on"))

    def _open_policies(self, country: str, code: str) -> list[Policy]:
        rates = self._rates(country, code)
        rows = ShippingPolicy.objects.filter(id__in=list(rates)).order_by("channel", "ref")
        served = self._served_by(rates)
        windows = self._windows(rates)
        taken = self._taken(rates)
        columns = ("id", "ref", "name", "channel", "daily_capacity")
        points = [f"pickup_point__{name}" for name in POINT]
        return [
            Policy(channel, served[id], _sla(ref, name, channel, windows[id], point), rates[id])
            for id, ref, name, channel, capacity, *point in rows.values_list(*columns, *points)
            if capacity is None or taken.get(id, 0) < capacity
        ]

    def _rates(self, country: str, code: str) -> dict[int, list[Rate]]:
        """The ranges of a policy don't overlap: the last that starts at or before the code."""
        nearest = FreightRate.objects.filter(
            policy=OuterRef("id"), country=country, postal_from__lte=code
        ).order_by("-postal_from")
        policies = (
            ShippingPolicy.objects.filter(account_id=self.account.id, is_active=True)
            .order_by()
            .annotate(start=Subquery(nearest.values("postal_from")[:1]))
            .values_list("id", "start")
        )
        starts = {id: start for id, start in policies if start is not None}
        rows = (
            FreightRate.objects.filter(
                policy_id__in=list(starts),
                country=country,
                postal_from__in=set(starts.values()),
                postal_to__gte=code,
            )
            .order_by(F("max_weight_g").asc(nulls_last=True))
            .values_list("policy_id", "postal_from", "max_weight_g", "price_cents", "estimate")
        )
        rates: dict[int, list[Rate]] = defaultdict(list)
        for policy, start, *rate in rows:
            if start == starts[policy]:
                rates[policy].append(tuple(rate))
        return rates

    def _served_by(self, policies: Iterable[int]) -> dict[int, list[int]]:
        served = defaultdict(list)
        rows = PolicyWarehouse.objects.filter(
            policy_id__in=list(policies), warehouse_id__in=list(self.warehouses)
        ).order_by("position", "warehouse__priority", "warehouse__code")
        for policy, warehouse in rows.values_list("policy_id", "warehouse_id"):
            served[policy].append(warehouse)
        return served

    def _windows(self, policies: Iterable[int]) -> dict[int, list[Json]]:
        windows: dict[int, list[Json]] = defaultdict(list)
        rows = DeliveryWindow.objects.filter(policy_id__in=list(policies), starts_at__gt=self.now)
        columns = ("policy_id", "starts_at", "ends_at", "price_cents")
        for policy, start, end, price in rows.order_by("starts_at").values_list(*columns):
            windows[policy].append({"startDateUtc": start, "endDateUtc": end, "price": price})
        return windows

    def _taken(self, policies: Iterable[int]) -> dict[int, int]:
        rows = CapacityUse.objects.filter(
            policy_id__in=list(policies), day=self.local.date(), starts_at__isnull=True
        )
        return dict(rows.values_list("policy_id", "orders"))

    # --- what is on the shelves --------------------------------------------------------------

    def _read_skus(self, refs: list[str]) -> None:
        rows = Sku.objects.filter(account_id=self.account.id, ref__in=refs, is_active=True)
        columns = (
            "id", "ref", "price_cents", "list_price_cents", "price_valid_until", "weight_g",
            "measurement_unit", "unit_multiplier", "offerings",
        )  # fmt: skip
        self.skus = {row["ref"]: row for row in rows.values(*columns)}
        ids = [row["id"] for row in self.skus.values()]
        prices = SalesChannelPrice.objects.filter(
            sku_id__in=ids, sales_channel=self.sales_channel
        ).values_list("sku_id", "price_cents", "list_price_cents")
        self.prices = {sku: (price, list_price) for sku, price, list_price in prices}
        self.shelves = self._shelves(ids)

    def _shelves(self, ids: list[int]) -> dict[int, dict[int, int]]:
        levels = StockLevel.objects.filter(sku_id__in=ids).order_by()
        expired = Hold.objects.filter(
            level__sku_id__in=ids, state=Hold.State.HELD, expires_at__lte=self.now
        )
        sums = expired.order_by().values("level_id").annotate(units=Sum("quantity"))
        back = dict(sums.values_list("level_id", "units"))
        shelves: dict[int, dict[int, int]] = defaultdict(dict)
        columns = ("id", "sku_id", "warehouse_id", "on_hand", "safety", "held")
        for id, sku, place, on_hand, safety, held in levels.values_list(*columns):
            shelves[sku][place] = max(0, on_hand - safety - held + back.get(id, 0))
        return shelves

    # --- the answer ----------------------------------------------------------------------------

    def _rows(self) -> Json:
        items: list[Json] = []
        logistics: list[Json] = []
        sold: dict[int, int] = defaultdict(int)
        for index, item in enumerate(self.cart["items"]):
            sku = self.skus.get(item["id"])
            if sku is None or not self._price(sku)[0] or _is_past(sku, self.now):
                continue
            line = self._logistics(index, item, sku, sold[sku["id"]])
            sold[sku["id"]] += line["quantity"]
            items.append(self._item(index, item, sku, line["quantity"]))
            logistics.append(line)
        if not any(item["quantity"] for item in items):
            return {"items": [], "logisticsInfo": []}
        return {"items": items, "logisticsInfo": logistics}

    def _price(self, sku: Json) -> tuple[int | None, int | None]:
        price, list_price = self.prices.get(sku["id"], (None, None))
        return price or sku["price_cents"], list_price or sku["list_price_cents"]

    def _item(self, index: int, item: Json, sku: Json, quantity: int) -> Json:
        price, list_price = self._price(sku)
        multiplier = float(sku["unit_multiplier"])
        return {
            "id": item["id"],
            "requestIndex": index,
            "quantity": quantity,
            "seller": item["seller"],
            "price": price,
            "listPrice": max(price or 0, list_price or 0),
            "priceTags": [],
            "priceValidUntil": sku["price_valid_until"],
            "measurementUnit": sku["measurement_unit"],
            "unitMultiplier": int(multiplier) if multiplier.is_integer() else multiplier,
            "merchantName": None,
            "offerings": sku["offerings"],
            "attachmentOfferings": [],
        }

    def _logistics(self, index: int, item: Json, sku: Json, sold: int) -> Json:
        shelf = self.shelves[sku["id"]]
        units = [_units(shelf, policy.warehouses, sold) for policy in self.policies]
        serving = {place for policy in self.policies for place in policy.warehouses}
        balance = _units(shelf, serving or self.warehouses, sold)
        quantity = min(item["quantity"], max(units, default=balance))
        line = {
            "itemIndex": index,
            "quantity": quantity,
            "stockBalance": balance if quantity else 0,
            "shipsTo": [self.account.country],
            "slas": [],
            "deliveryChannels": [
                {"id": channel, "stockBalance": self._of_channel(channel, shelf, sold, quantity)}
                for channel in CHANNELS
            ],
        }
        if quantity:
            weight = sku["weight_g"] * quantity
            line["slas"] = [
                sla
                for policy, room in zip(self.policies, units, strict=True)
                if room >= quantity and (sla := self._quoted(policy, shelf, quantity, weight))
            ]
        return line

    def _of_channel(self, channel: str, shelf: dict[int, int], sold: int, quantity: int) -> int:
        mine = (policy for policy in self.policies if policy.channel == channel)
        places = {place for policy in mine for place in policy.warehouses}
        return _units(shelf, places, sold) if quantity else 0

    def _quoted(
        self, policy: Policy, shelf: dict[int, int], quantity: int, weight: int
    ) -> Json | None:
        for heaviest, price, rate in policy.rates:
            if heaviest is None or weight <= heaviest:
                estimate, by = self._estimate(policy, shelf, quantity, rate)
                return {
                    **policy.sla,
                    "price": price,
                    "shippingEstimate": estimate,
                    "shippingEstimateDate": by,
                }
        return None

    def _estimate(
        self, policy: Policy, shelf: dict[int, int], quantity: int, rate: str
    ) -> tuple[str, datetime]:
        """Of the first warehouse that has everything, else of the slowest."""
        whole = [place for place in policy.warehouses if shelf.get(place, 0) >= quantity]
        estimates = [self._from(place, rate) for place in whole[:1] or policy.warehouses]
        return max(estimates, key=lambda each: each[1])

    def _from(self, place: int, rate: str) -> tuple[str, datetime]:
        country, state, cutoff, handling = self.warehouses[place]
        return self.estimator.estimate(
            rate=rate,
            warehouse=place,
            country=country,
            state=state,
            cutoff=cutoff,
            handling=handling,
        )


def _units(shelf: dict[int, int], places: Iterable[int], sold: int) -> int:
    return max(0, sum(shelf.get(place, 0) for place in places) - sold)


def _is_past(sku: Json, now: datetime) -> bool:
    return sku["price_valid_until"] is not None and sku["price_valid_until"] <= now


def _sla(ref: str, name: str, channel: str, windows: list[Json], point: list[Any]) -> Json:
    return {
        "id": ref,
        "name": name,
        "deliveryChannel": channel,
        "availableDeliveryWindows": windows,
        "pickupStoreInfo": _pickup(dict(zip(POINT, point, strict=True))) if point[0] else None,
    }


def _pickup(point: Json) -> Json:
    known = point["longitude"] is not None and point["latitude"] is not None
    return {
        "isPickupStore": True,
        "friendlyName": point["friendly_name"],
        "additionalInfo": point["additional_info"],
        "address": {
            "addressType": "pickup",
            "receiverName": None,
            "addressId": point["ref"],
            "postalCode": point["postal_code"],
            "city": point["city"],
            "state": point["state"],
            "country": point["country"],
            "street": point["street"],
            "number": point["number"],
            "neighborhood": point["neighborhood"],
            "complement": point["complement"],
            "reference": point["reference"],
            "geoCoordinates": [point["longitude"], point["latitude"]] if known else [],
        },
    }
