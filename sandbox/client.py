"""A Python hand for the control API."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import requests

Json = dict[str, Any]
SECONDS = 600  # a placement of many orders is one call


class StandInError(Exception):
    """The stand-in refused, with its words."""


class StandIn:
    def __init__(self, base_url: str) -> None:
        self.base_url = base_url.rstrip("/")
        self._session = requests.Session()
        self._session.trust_env = False

    def _call(self, method: str, name: str, body: Json | None = None, **query: Any) -> Any:
        answer = self._session.request(
            method, f"{self.base_url}/_control/{name}", json=body, params=query, timeout=SECONDS
        )
        if answer.status_code != 200:
            raise StandInError(f"{method} {name}: {answer.status_code} {answer.text[:500]}")
        return answer.json()

    def health(self) -> Json:
        return self._get("health")

    def _get(self, name: str, **query: Any) -> Json:
        found: Json = self._call("GET", name, **query)
        return found

    def _post(self, name: str, **body: Any) -> Json:
        done: Json = self._call("POST", name, body)
        return done

    # Settings

    def connect(self, **settings: str) -> Json:
        """`portal` (the fulfilment endpoint), `seller_id`, `inbound_key`, `hook_header_name` …"""
        return self._post("portal", **settings)

    def settings(self) -> Json:
        """What `connect` sets, without the secrets."""
        return self._get("portal")

    def knobs(self, **changes: Any) -> Json:
        return self._post("knobs", **changes)

    def catalogue(self, **lists: list[str] | None) -> Json:
        """`skus` for random carts, `catalogue` for what change notifications find."""
        return self._post("catalogue", **lists)

    def reset(self) -> Json:
        return self._post("reset")

    # Driving

    def indexation(self, skus: list[str]) -> Json:
        return self._post("drive/indexation", skus=skus)

    def checkout(self, items: list[Json], **cart: Any) -> Json:
        return self._post("drive/checkout", items=items, **cart)

    def place(self, items: list[Json] | None = None, **how: Any) -> Json:
        """`items` None draws carts at random. `count`, `parallel`, `fulfill`, `handling`,
        `postalCode`, `country`, `sla`, `channel`, `note`."""
        return self._post("drive/place", **({"items": items} if items else {}), **how)

    def place_again(self, order_id: str, **changes: Any) -> Json:
        """A retry of the placement: the same bytes, or other top-level keys."""
        return self._post("drive/place", again=order_id, changes=changes)

    def fulfill(self, order_id: str, *, handling: bool = False) -> Json:
        return self._post("drive/fulfill", marketplaceOrderId=order_id, handling=handling)

    def cancel(
        self, order_id: str, reason: str = "Changed my mind", *, by_user: bool = True
    ) -> Json:
        return self._post(
            "drive/cancel", marketplaceOrderId=order_id, reason=reason, requestedByUser=by_user
        )

    def change(self, order_id: str, remove: list[Json], **how: Any) -> Json:
        """Propose to take units off: `remove` [{id, quantity}]; `reason`."""
        return self._post("drive/change", marketplaceOrderId=order_id, remove=remove, **how)

    def confirm_change(self, order_id: str) -> Json:
        """Once the seller agreed; again repeats it."""
        return self._post("drive/confirm", marketplaceOrderId=order_id)

    def adopt(self, orders: list[Json]) -> Json:
        """Paid orders the portal was never told of: `items` [{id, quantity, price, freight}]."""
        return self._post("orders", orders=orders)

    # Looking

    def orders(self, *, status: str | None = None) -> Iterator[Json]:
        """Every order, newest first, however many."""
        query: Json = {"status": status} if status else {}
        while page := self._get("orders", **query)["orders"]:
            yield from page
            query["before"] = page[-1]["number"]

    def order(self, order_id: str) -> Json:
        return self._get(f"orders/{quote(order_id, safe='')}")

    def anomalies(self) -> list[Json]:
        found: list[Json] = self._get("anomalies")["anomalies"]
        return found

    def totals(self) -> Json:
        return self._get("totals")

    def notices(self) -> list[Json]:
        found: list[Json] = self._get("notices")["notices"]
        return found

    def unanswered_hooks(self) -> int:
        return int(self._get("hook")["unanswered"])
