"""The queue's filters as links, each with its number; what is chosen can be taken away again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from invoicing.queueing import Choice
from invoicing.tallies import Tallies, tally
from sellers.models import SellerAccount, ShippingPolicy, Warehouse


@dataclass(frozen=True)
class Link:
    name: str
    query: str
    count: str
    chosen: bool


@dataclass(frozen=True)
class Menu:
    """More choices than fit side by side. `chosen` is the name of what is chosen, if anything."""

    title: str
    links: list[Link]
    chosen: str
    without: str


@dataclass(frozen=True)
class Filters:
    stages: list[Link]
    dues: list[Link]
    lines: list[Link]
    menus: list[Menu]


def filters_of(choice: Choice, *, policies: Iterable[ShippingPolicy], now: datetime) -> Filters:
    tallies = tally(choice, policies=policies, now=now)
    return Filters(
        stages=_links("view", _stages(), choice, tallies),
        dues=_links("due", _dues(), choice, tallies),
        lines=_links("lines", _lines(), choice, tallies),
        menus=list(_menus(choice, tallies, policies)),
    )


def _stages() -> dict[Any, str]:
    return {
        "open": _("All open"),
        "ready": _("Ready to pick"),
        "picking": _("Being picked"),
        "picked": _("Picked"),
        "begun": _("Being packed"),
        "stopped": _("Stopped"),
        "packed": pgettext("orders", "Packed"),
    }


def _dues() -> dict[Any, str]:
    return {
        "late": _("Late"),
        "today": _("Today"),
        "tomorrow": _("Tomorrow"),
        "later": _("Later"),
    }


def _lines() -> dict[Any, str]:
    return {"one": _("One line"), "many": _("Several lines")}


def _links(dimension: str, names: dict[Any, str], choice: Choice, tallies: Tallies) -> list[Link]:
    """A choice of something else leads there; what is chosen leads back to everything."""
    return [_link(dimension, value, name, choice, tallies) for value, name in names.items()]


def _link(dimension: str, value: Any, name: str, choice: Choice, tallies: Tallies) -> Link:
    chosen = getattr(choice, dimension) == value
    other = None if chosen and dimension != "view" else value
    # What is open and what is packed are counted apart.
    counted = dimension != "view" or (value == "packed") == (choice.view == "packed")
    return Link(
        name=name,
        query=choice.changed(**{dimension: other}).query,
        count=tallies.told(dimension, value) if counted else "",
        chosen=chosen,
    )


def _menus(choice: Choice, tallies: Tallies, policies: Iterable[ShippingPolicy]) -> Iterable[Menu]:
    warehouses = Warehouse.objects.order_by("name", "pk").values_list("pk", "name")
    accounts = SellerAccount.objects.order_by("name", "pk").values_list("pk", "name")
    named = {policy.pk: policy.name for policy in policies}
    for dimension, title, names in (
        ("warehouse", _("Warehouse"), dict(warehouses)),
        ("policy", _("Delivery"), named),
        ("account", _("Account"), dict(accounts)),
    ):
        chosen = getattr(choice, dimension)
        if len(names) > 1 or chosen:
            yield Menu(
                title=title,
                links=_links(dimension, names, choice, tallies),
                chosen=names.get(chosen, str(chosen)) if chosen else "",
                without=choice.changed(**{dimension: None}).query,
            )
