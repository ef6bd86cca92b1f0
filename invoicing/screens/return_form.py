"""What came back, as the returns desk says it: read from the form, kept until it is confirmed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypedDict
from uuid import uuid4

from django.http import HttpRequest
from django.utils.translation import gettext as _

from invoicing.models import ReturnItem
from invoicing.returning import Arrived
from orders.models import Order
from sellers.errors import DomainError
from sellers.models import Warehouse

_KEPT = "returns-to-confirm"
#: Several orders may lie open on the desk, each in a tab of its own.
_MOST_KEPT = 5


class Draft(TypedDict):
    """The fields of an order, by its row id."""

    order: int
    fields: dict[str, str]


def arrived_of(order: Order, said: Mapping[str, str]) -> list[Arrived]:
    """What the fields say of each line: units for the shelf, units for scrap.

    Raises DomainError `not-a-number`.
    """
    return list(_arrived(order, said))


def _arrived(order: Order, fields: Mapping[str, str]) -> Iterator[Arrived]:
    shelves = {str(house.pk): house for house in warehouses(order)}
    for line in order.lines.order_by("index"):
        said = {
            name: fields.get(f"{name}-{line.pk}", "").strip()
            for name in ("shelf", "scrap", "condition", "warehouse", "reason")
        }
        condition = said["condition"]
        if condition not in ReturnItem.Condition.values:
            condition = ReturnItem.Condition.AS_NEW
        if shelved := _whole(said["shelf"]):
            yield Arrived(line, shelved, condition, warehouse=shelves.get(said["warehouse"]))
        if scrapped := _whole(said["scrap"]):
            yield Arrived(line, scrapped, condition, scrap_reason=said["reason"])


def _whole(text: str) -> int:
    if not text:
        return 0
    if not (text.isascii() and text.isdecimal() and len(text) < 9):
        raise DomainError("not-a-number", _("Give a whole number."))
    return int(text)


def warehouses(order: Order) -> list[Warehouse]:
    return list(Warehouse.objects.filter(account=order.account_id, is_active=True).order_by("pk"))


def keep(request: HttpRequest, order: Order) -> str:
    """Keeps the fields in the session, for the page that asks whether they are right.

    Gives their key: it was made with the first page, so that what is confirmed twice, by way of
    the browser's Back, counts once.
    """
    given = request.POST.get("gesture", "")[:40]
    key = given if given.isascii() and given.isalnum() else uuid4().hex
    fields = {name: str(value) for name, value in request.POST.items() if "-" in name and value}
    drafts = {**_drafts(request), key: Draft(order=order.pk, fields=fields)}
    request.session[_KEPT] = dict(list(drafts.items())[-_MOST_KEPT:])
    return key


def kept(request: HttpRequest, order: Order, key: str) -> dict[str, str] | None:
    """The fields that were kept under the key; None when they are another order's, or forgotten."""
    draft = _drafts(request).get(key)
    return draft["fields"] if draft and draft["order"] == order.pk else None


def _drafts(request: HttpRequest) -> dict[str, Draft]:
    drafts: dict[str, Draft] = request.session.get(_KEPT, {})
    return drafts
