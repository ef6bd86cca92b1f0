"""What every scene of a rehearsal has at hand: the marketplace, the seller's side, patience."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone

from invoicing import packing, tracking
from invoicing.models import Invoice, Package
from orders.models import Order
from sandbox.client import StandIn
from sellers.models import Hold, OutboxMessage, SellerAccount

Json = dict[str, Any]
_LOOK_AGAIN_SECONDS = 0.2
#: Once it is clear that nobody delivers messages, the rest need not wait as long.
_HOPELESS_SECONDS = 2.0
#: Knobs of the stand-in in bad weather: 30 % of the seller's calls fail, half of them after they
#: took effect; events come twice and overtake each other.
STORMY: Json = {
    "error_rate": 0.1,
    "error_after_rate": 0.07,
    "drop_before_rate": 0.05,
    "drop_after_rate": 0.08,
    "retry_after_s": 1,
    "jitter_ms": 30,
    "hook_repeat_rate": 0.5,
    "hook_spread_ms": 300,
}


class Broken(Exception):
    """The contract was not kept; the message says how."""


def require(kept: object, otherwise: str) -> None:
    if not kept:
        raise Broken(otherwise)


@dataclass
class Stage:
    """`goods` are SKUs that can be delivered to `postal_code`. `patience` (seconds) is how long the
    marketplace may take to hear of something."""

    market: StandIn
    account: SellerAccount
    portal_url: str
    patience: float
    chance: random.Random
    stormy: bool = False
    goods: Sequence[str] = ()
    postal_code: str = ""
    played: dict[str, str] = field(default_factory=dict)
    began: datetime = field(default_factory=timezone.now)

    # --- the marketplace's side

    def place(self, *units: int, discount_cents: int = 0) -> Order:
        """One line for each number of units, all of different SKUs while there are enough."""
        items: list[Json] = [
            {"id": self.goods[index % len(self.goods)], "quantity": quantity}
            for index, quantity in enumerate(units)
        ]
        items[0]["discountCents"] = discount_cents
        country = self.account.country
        answer = self.market.place(items, postalCode=self.postal_code, country=country)
        require(not answer["refused"], f"The checkout stops: {answer['refused']}")
        placed = answer["orders"][0]
        require(placed["sellerOrderId"], f"Refused: {said(placed)}")
        return self.order(placed["marketplaceOrderId"])

    def paid(self, *units: int, handling: bool = True, discount_cents: int = 0) -> Order:
        """Placed and authorised; `handling`: the marketplace awaits the start of handling."""
        order = self.place(*units, discount_cents=discount_cents)
        answer = self.market.fulfill(order.marketplace_order_id, handling=handling)
        require(answer["httpStatus"] == 200, f"Payment refused: {said(answer)}")
        return self.order(order.marketplace_order_id)

    def shown(self, order: Order) -> Json:
        """The order as the marketplace has it."""
        return self.market.order(order.marketplace_order_id)

    def weather(self) -> None:
        """Set the knobs: all quiet, or three calls in ten go wrong in one way or another."""
        rates = STORMY if self.stormy else dict.fromkeys(STORMY, 0)
        self.market.knobs(**rates, seed=self.chance.randrange(10**6), script=[])

    def storm(self) -> None:
        """In bad weather, what is sent next meets a row of 429."""
        if self.stormy:
            self.market.knobs(script=["throttle"] * 3)

    # --- the seller's side

    def order(self, marketplace_order_id: str) -> Order:
        found = Order.objects.filter(
            account=self.account, marketplace_order_id=marketplace_order_id
        ).first()
        if found is None:
            raise Broken(f"The portal has no order {marketplace_order_id}.")
        return found

    def earlier(self, name: str) -> Order:
        """The order an earlier scene was played with."""
        require(name in self.played, "It needs the order of an earlier step that failed.")
        return self.order(self.played[name])

    def held(self, order: Order) -> int:
        """Units on the shelves that are promised to the order."""
        live = Hold.objects.filter(seller_order_id=order.seller_order_id, state=Hold.State.HELD)
        return sum(live.values_list("quantity", flat=True))

    def pack(self, order: Order, quantities: Sequence[int]) -> Invoice:
        """One package, closed: so many units of each line, in their order."""
        package = packing.open_package(order=order, now=timezone.now(), actor=None)
        for line, quantity in zip(order.lines.order_by("index"), quantities, strict=True):
            if quantity:
                packing.put(
                    package=package, line=line, quantity=quantity, now=timezone.now(), actor=None
                )
        return packing.close(package=package, now=timezone.now(), actor=None)

    def hand_over(self, package: Package) -> Package:
        number = f"RH{package.pk:09d}BR"
        now = timezone.now()
        return tracking.enter_tracking(
            package=package,
            courier="Rehearsal Express",
            number=number,
            url=f"https://tracking.example.com/{number}",
            dispatched_on=timezone.localdate(now, self.account.zone),
            now=now,
            actor=None,
        )

    def deliver(self, package: Package) -> Package:
        now = timezone.now()
        return tracking.deliver(package=package, delivered_at=now, now=now, actor=None)

    # --- time

    def wait(self, condition: Callable[[], object], otherwise: str) -> None:
        """Until `condition` holds. Raises Broken after the patience is used up."""
        deadline = time.monotonic() + self.patience
        while not condition():
            if time.monotonic() > deadline:
                raise Broken(f"{otherwise} ({self._why_waiting()})")
            time.sleep(_LOOK_AGAIN_SECONDS)

    def _why_waiting(self) -> str:
        waited = f"after {self.patience:.0f} s"
        messages = OutboxMessage.objects.filter(account=self.account)
        open_ones = messages.filter(status__in=OutboxMessage.BLOCKING)
        if open_ones.exists() and not messages.filter(attempts__isnull=False).exists():
            self.patience = min(self.patience, _HOPELESS_SECONDS)
            return f"{waited}; no message was even tried: is a worker running?"
        words = sorted(set(open_ones.exclude(last_error="").values_list("last_error", flat=True)))
        return "; ".join([f"{waited}, {open_ones.count()} messages waiting", *words[:3]])


def said(answer: Json) -> str:
    """The seller's answer to a call of the marketplace's, in few words."""
    return f"HTTP {answer['httpStatus']} {str(answer['answer'])[:160]}"
