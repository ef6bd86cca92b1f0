"""Drives the marketplace stand-in by its control API, over HTTP like anybody else."""

from __future__ import annotations

from typing import Any

import requests

from sellers.errors import DomainError

SECONDS = 60
Json = dict[str, Any]


class StandInRefused(DomainError):
    """The stand-in does not answer, or said no; the message says which."""


class StandIn:
    def __init__(self, base_url: str) -> None:
        self.base_url = base_url.rstrip("/")
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy for the internet must not see these calls

    def indexation(self, skus: list[str]) -> Json:
        return self._post("drive/indexation", {"skus": skus})

    def checkout(self, cart: Json) -> Json:
        return self._post("drive/checkout", cart)

    def place(self, cart: Json) -> str:
        """The marketplace's id of the new order. Raises StandInRefused as the checkout stops."""
        answer = self._post("drive/place", cart)
        if answer["refused"]:
            raise StandInRefused("refused", answer["refused"][0]["message"])
        order: Json = answer["orders"][0]
        if not order["sellerOrderId"]:
            raise StandInRefused("refused", f"the portal answered HTTP {order['httpStatus']}")
        return str(order["marketplaceOrderId"])

    def fulfill(self, marketplace_order_id: str) -> Json:
        body = {"marketplaceOrderId": marketplace_order_id, "handling": True}
        return self._post("drive/fulfill", body)

    def recall(self, orders: list[Json]) -> None:
        """Orders of the past, as its control API takes them."""
        self._post("orders", {"orders": orders})

    def cancel(self, marketplace_order_id: str, *, reason: str) -> Json:
        body = {"marketplaceOrderId": marketplace_order_id, "reason": reason}
        return self._post("drive/cancel", body)

    def _post(self, name: str, body: Json) -> Json:
        try:
            answer = self._session.post(
                f"{self.base_url}/_control/{name}", json=body, timeout=SECONDS
            )
        except requests.RequestException as error:
            raise StandInRefused(
                "unreachable",
                f"The marketplace stand-in does not answer at {self.base_url}.",
            ) from error
        if answer.status_code != requests.codes.ok:
            raise StandInRefused("refused", f"{name}: {answer.status_code} {answer.text[:300]}")
        found: Json = answer.json()
        return found
