"""What can be sold and how it can be sent, worked out on model objects."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, Prefetch, Q, QuerySet

from benchmarks.peers.estimates import Estimator
from sellers.models import (
    CapacityUse,
    DeliveryWindow,
    FreightRate,
    Hold,
    PolicyWarehouse,
    SellerAccount,
    ShippingPolicy,
    Sku,
    StockLevel,
    Warehouse,
)


@dataclass
class Sla:
    policy: ShippingPolicy
    price: int
    estimate: str
    by: datetime

    @property
    def windows(self) -> list[DeliveryWindow]:
        windows: list[DeliveryWindow] = self.policy.open_windows  # type: ignore[attr-defined]  # prefetched
        return windows


@dataclass
class Line:
    """One line of the cart with its answer."""

    index: int
    sku: Sku
    seller: str | None
    price: int
    list_price: int
    quantity: int
    stock_balance: int
    ships_to: list[str]
    channels: list[dict[str, Any]]
    slas: list[Sla]


class Simulation:
    """The answer, as the serializers read it."""

    def __init__(
        self, account: SellerAccount, cart: dict[str, Any], *, now: datetime, sales_channel: str
    ) -> None:
        self.account = account
        self.cart = cart
        self.now = now
        self.sales_channel = sales_channel
        self.country = cart.get("country")
        self.postal_code = cart.get("postal_code")
        self.geo_coordinates = cart.get("geo_coordinates") or []
        local = now.astimezone(account.zone)
        closures = list(account.closures.values_list("warehouse_id", "closed_on"))
        self.estimator = Estimator(local, closures)
        self.policies = [policy for policy in self._policies() if self._has_capacity(policy, local)]
        self.skus = {sku.ref: sku for sku in self._skus()}

    # --- reading -----------------------------------------------------------------------------

    def _skus(self) -> QuerySet[Sku]:
        expired = Hold.objects.filter(state=Hold.State.HELD, expires_at__lte=self.now)
        levels = StockLevel.objects.select_related("warehouse").prefetch_related(
            Prefetch("holds", expired, to_attr="expired")
        )
        refs = [item["id"] for item in self.cart["items"]]
        return Sku.objects.filter(
            account=self.account, ref__in=refs, is_active=True
        ).prefetch_related(Prefetch("levels", levels), "sales_channel_prices")

    def _policies(self) -> Iterable[ShippingPolicy]:
        code = (self.postal_code or "").replace("-", "")
        if not code:
            return []
        matching = FreightRate.objects.filter(
            country=self.country or self.account.country,
            postal_from__lte=code,
            postal_to__gte=code,
        )
        by_weight = matching.order_by(F("max_weight_g").asc(nulls_last=True))
        active = PolicyWarehouse.objects.filter(warehouse__is_active=True)
        to_come = DeliveryWindow.objects.filter(starts_at__gt=self.now)
        return (
            ShippingPolicy.objects.filter(account=self.account, is_active=True)
            .filter(Exists(matching.filter(policy=OuterRef("pk"))))
            .select_related("pickup_point")
            .prefetch_related(
                Prefetch("rates", by_weight, to_attr="matching_rates"),
                Prefetch("served_by", active.select_related("warehouse"), to_attr="serving"),
                Prefetch("windows", to_come, to_attr="open_windows"),
            )
            .order_by("channel", "ref")
        )

    def _has_capacity(self, policy: ShippingPolicy, local: datetime) -> bool:
        if policy.daily_capacity is None:
            return True
        if not hasattr(self, "_taken"):
            today = Q(account=self.account, day=local.date(), starts_at__isnull=True)
            uses = CapacityUse.objects.filter(today)
            self._taken = {use.policy_id: use.orders for use in uses}
        return self._taken.get(policy.pk, 0) < policy.daily_capacity

    # --- deciding ----------------------------------------------------------------------------

    @property
    def lines(self) -> list[Line]:
        if not hasattr(self, "_lines"):
            lines = self._all_lines()
            self._lines = lines if any(line.quantity for line in lines) else []
        return self._lines

    def _all_lines(self) -> list[Line]:
        lines = []
        sold: dict[str, int] = defaultdict(int)
        for index, item in enumerate(self.cart["items"]):
            sku = self.skus.get(item["id"])
            if sku is not None and (line := self._line(index, item, sku, sold[sku.ref])):
                sold[sku.ref] += line.quantity
                lines.append(line)
        return lines

    def _line(self, index: int, item: dict[str, Any], sku: Sku, sold: int) -> Line | None:
        price, list_price = self._price(sku)
        if not price or (sku.price_valid_until and sku.price_valid_until <= self.now):
            return None
        stock = {level.warehouse_id: _available(level) for level in sku.levels.all()}
        places = {place.pk for policy in self.policies for place in _warehouses(policy)} or set(
            stock
        )
        balance = _units(stock, places, sold)
        rooms = {p.pk: _units(stock, (w.pk for w in _warehouses(p)), sold) for p in self.policies}
        quantity = min(item["quantity"], max(rooms.values(), default=balance))
        return Line(
            index=index,
            sku=sku,
            seller=item.get("seller"),
            price=price,
            list_price=max(price, list_price or 0),
            quantity=quantity,
            stock_balance=balance if quantity else 0,
            ships_to=[self.account.country],
            channels=[
                {
                    "id": channel,
                    "stockBalance": self._of_channel(channel, stock, sold) if quantity else 0,
                }
                for channel in ShippingPolicy.Channel.values
            ],
            slas=[
                sla
                for policy in self.policies
                if quantity
                and rooms[policy.pk] >= quantity
                and (sla := self._sla(policy, stock, quantity, sku.weight_g * quantity))
            ],
        )

    def _price(self, sku: Sku) -> tuple[int | None, int | None]:
        for price in sku.sales_channel_prices.all():
            if price.sales_channel == self.sales_channel:
                return price.price_cents, price.list_price_cents or sku.list_price_cents
        return sku.price_cents, sku.list_price_cents

    def _of_channel(self, channel: str, stock: dict[int, int], sold: int) -> int:
        policies = [policy for policy in self.policies if policy.channel == channel]
        places = {place.pk for policy in policies for place in _warehouses(policy)}
        return _units(stock, places, sold)

    def _sla(
        self, policy: ShippingPolicy, stock: dict[int, int], quantity: int, weight: int
    ) -> Sla | None:
        rates: list[FreightRate] = policy.matching_rates  # type: ignore[attr-defined]  # prefetched
        for rate in rates:
            if rate.max_weight_g is None or weight <= rate.max_weight_g:
                estimate, by = self._estimate(policy, stock, quantity, rate.estimate)
                return Sla(policy, rate.price_cents, estimate, by)
        return None

    def _estimate(
        self, policy: ShippingPolicy, stock: dict[int, int], quantity: int, rate: str
    ) -> tuple[str, datetime]:
        """Of the first warehouse that has everything, else of the slowest."""
        serving = _warehouses(policy)
        whole = [place for place in serving if stock.get(place.pk, 0) >= quantity]
        estimates = [self._from(place, rate) for place in whole[:1] or serving]
        return max(estimates, key=lambda each: each[1])

    def _from(self, place: Warehouse, rate: str) -> tuple[str, datetime]:
        return self.estimator.estimate(
            rate=rate,
            warehouse=place.pk,
            country=place.country,
            state=place.state,
            cutoff=place.cutoff,
            handling=place.handling_days,
        )


def _warehouses(policy: ShippingPolicy) -> list[Warehouse]:
    return [each.warehouse for each in policy.serving]  # type: ignore[attr-defined]  # prefetched


def _available(level: StockLevel) -> int:
    expired: list[Hold] = level.expired  # type: ignore[attr-defined]  # prefetched to it
    back = sum(hold.quantity for hold in expired)
    return max(0, level.on_hand - level.safety - level.held + back)


def _units(stock: dict[int, int], places: Iterable[int], sold: int) -> int:
    return max(0, sum(stock.get(place, 0) for place in places) - sold)
