"""What the page of an order is made of, as text: a template only sets it out."""

from __future__ import annotations

from dataclasses import dataclass, field

from orders.admin.changes import ShownChange
from orders.admin.order_returns import ShownReturn
from orders.timeline import Happening


@dataclass
class Fact:
    """A label and what stands beside it."""

    label: str
    value: str


@dataclass
class Line:
    ref: str
    name: str
    quantity: int
    packed: int
    holds: list[str]
    policy: str
    is_gift: bool
    extras: list[str]
    total: str = ""


@dataclass
class Parcel:
    title: str
    status: str
    contents: list[str]
    facts: list[Fact]
    invoices: list[Paper]
    link: str | None


@dataclass
class Paper:
    """An invoice, and what became of it at the marketplace."""

    number: str
    kind: str
    fate: str
    colour: str
    note: str
    value: str = ""
    issued: str = ""
    key: str = ""
    link: str | None = None


@dataclass
class Page:
    status: str
    colour: str
    is_late: bool
    needs_a_look: bool
    ids: list[Fact]
    dates: list[Fact]
    delivery: list[Fact]
    lines: list[Line]
    parcels: list[Parcel]
    papers_without_parcel: list[Paper]
    changes: list[ShownChange]
    returns: list[ShownReturn]
    stock_link: str | None
    packing_link: str | None
    is_to_pack: bool
    previous_link: str | None
    next_link: str | None
    shows_money: bool
    money: list[Fact] = field(default_factory=list)
    ledger_link: str | None = None
    promise_link: str | None = None
    remarks: list[str] = field(default_factory=list)
    shows_shopper: bool = False
    shopper: list[Fact] = field(default_factory=list)
    shows_story: bool = False
    story: list[tuple[str, Happening]] = field(default_factory=list)
