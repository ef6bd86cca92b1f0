"""A picker without a browser: the queue's button and the gestures of the picking screen."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

from django.test import Client
from django.urls import reverse

from invoicing.models import PickList
from orders.models import Order


class Picker:
    """Somebody signed in; `walk` is the list at hand."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.walk: PickList | None = None

    def start(self, *orders: Order, **form: Any) -> PickList | None:
        """A list of these orders, or of what is due soonest; None when none was made."""
        fields = {"order": [order.pk for order in orders], "count": "12"} | form
        answer = self.client.post(reverse("admin:pick_start"), fields)
        self.answer = answer
        place = answer.headers.get("Location", "")
        if "/picking/" not in place:
            return None
        self.walk = PickList.objects.get(pk=int(place.rstrip("/").rpartition("/")[2]))
        return self.walk

    def do(self, action: str, *, key: str = "", **fields: Any) -> dict[str, Any]:
        """One gesture, as the script sends it."""
        assert self.walk is not None
        form = {"action": action, "gesture": key or uuid4().hex} | fields
        url = reverse("admin:pick_do", args=[self.walk.pk])
        answer = self.client.post(url, form, headers={"X-Requested-With": "fetch"})
        assert answer.status_code == 200, answer.content
        said: dict[str, Any] = json.loads(answer.content)
        return said

    def scan(self, code: str) -> dict[str, Any]:
        return self.do("scan", code=code)

    def page(self) -> str:
        assert self.walk is not None
        return self.client.get(reverse("admin:pick_list", args=[self.walk.pk])).content.decode()
