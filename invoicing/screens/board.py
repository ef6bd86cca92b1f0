"""What the packing screen shows of an order, in a fixed handful of queries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import uuid4

from django.db.models import F, Min, Prefetch
from django.utils import timezone

from invoicing import carrying, contents, leasing, missing, numbering, packing
from invoicing.models import Invoice, Package, PackageItem
from invoicing.picking import shorts
from invoicing.screens import weights
from invoicing.screens.due import Due, due
from invoicing.screens.fate import Fate, fate_of
from invoicing.screens.upcoming import next_after
from invoicing.screens.worth import Worth, remarks_on, worth_of
from orders import modifying
from orders.models import Order, OrderLine
from orders.short_reasons import ShortReason
from orders.states import OPEN, Status
from sellers.errors import DomainError
from sellers.models import Hold, OutboxMessage, User, Warehouse

#: More lines than this are shown when they are asked for: each scan sends the board anew.
SHOWN_LINES = 60
#: Still in the building: the clock runs.
_UNSENT = (*OPEN, Status.INVOICED)


@dataclass(frozen=True)
class LineRow:
    """`missing` of the units were not there: a manager knows."""

    line: OrderLine
    packed: int
    missing: int

    @property
    def left(self) -> int:
        return self.line.quantity - self.packed

    @property
    def state(self) -> str:
        if self.left == 0:
            return "done"
        return "begun" if self.packed else "untouched"


@dataclass(frozen=True)
class PackageCard:
    """`moves_to`: where one of its units goes at a touch, while another package is open too."""

    package: Package
    items: list[PackageItem]
    shown_items: list[PackageItem]
    current: bool
    moves_to: Package | None
    refusal: DomainError | None
    worth: Worth | None
    invoice: Invoice | None
    fate: Fate | None
    tracking_fate: Fate | None
    reopenable: bool

    @property
    def is_open(self) -> bool:
        return self.package.status == Package.Status.OPEN

    @property
    def units(self) -> int:
        return sum(item.quantity for item in self.items)

    @property
    def hidden_items(self) -> int:
        return len(self.items) - len(self.shown_items)

    @property
    def expected_weight(self) -> str:
        expected = weights.expected_g(self.items)
        return "" if expected is None else weights.told(expected)

    @property
    def weighed(self) -> str:
        return "" if self.package.weight_g is None else weights.told(self.package.weight_g)

    @property
    def weighs_oddly(self) -> bool:
        return weights.is_odd(self.package.weight_g, weights.expected_g(self.items))


@dataclass(frozen=True)
class Board:
    order: Order
    due: Due | None
    warehouse: str
    rows: list[LineRow]
    shows_all: bool
    cards: list[PackageCard]
    next_number: str
    refusal: DomainError | None
    stopped: DomainError | None
    short: DomainError | None
    short_reasons: list[tuple[str, Any]]
    remarks: list[str]
    today: date
    moment: datetime
    switch_package: Package | None
    next_order: str
    taken: leasing.Holder | None
    carriers: list[str]

    @property
    def shown_rows(self) -> list[LineRow]:
        """What is to be packed first; what is complete last, and left out of long orders."""
        return self.rows if self.shows_all else self.rows[:SHOWN_LINES]

    @property
    def hidden_rows(self) -> int:
        return len(self.rows) - len(self.shown_rows)

    @property
    def packed(self) -> int:
        return sum(row.packed for row in self.rows)

    @property
    def units(self) -> int:
        return sum(row.line.quantity for row in self.rows)

    @property
    def unaccounted(self) -> list[LineRow]:
        """What is neither packed nor known to be missing."""
        return [row for row in self.shown_rows if row.left > row.missing]

    @property
    def is_done(self) -> bool:
        """Nothing of it is left to do at the table."""
        return self.order.status not in (*contents.PACKABLE, Status.RESERVED)

    @property
    def all_packed(self) -> bool:
        return self.packed == self.units

    @property
    def current(self) -> PackageCard | None:
        return next((card for card in self.cards if card.current), None)

    @property
    def slip_package(self) -> int | None:
        """The package whose slip a key prints: the one closed last."""
        closed = [card.package for card in self.cards if card.package.closed_at]
        latest = max(closed, key=lambda package: (package.closed_at, package.pk), default=None)
        return latest.pk if latest else None

    @property
    def waiting(self) -> bool:
        """Something is on its way to the marketplace: worth asking again soon."""
        fates = [fate for card in self.cards for fate in (card.fate, card.tracking_fate)]
        return any(fate is not None and fate.level == "waiting" for fate in fates)

    @property
    def key(self) -> str:
        """A fresh gesture id for each plain form."""
        return uuid4().hex


def board_of(
    order: Order, *, package_id: int | None, reader: User, now: datetime, shows_all: bool = False
) -> Board:
    """Everything on the screen for `reader`: no money without the permission to see it."""
    every_line = list(order.lines.select_related("sku").order_by("index"))
    lines = [line for line in every_line if line.quantity]
    packages = _packages(order, every_line)
    packed = contents.packed_units(order)
    known = missing.reported(order)
    rows = [LineRow(line, packed.get(line.pk, 0), known[line.pk]) for line in lines]
    messages = _messages(order)
    sees_money = reader.has_perm("orders.view_money")
    current = _current(packages, package_id)
    following = _following(packages, current)
    return Board(
        order=order,
        due=due(order.due_at, now=now) if order.status in _UNSENT else None,
        warehouse=", ".join(str(name) for name in warehouses_of([order]).get(order.pk, ())),
        rows=sorted(
            rows, key=lambda row: (row.left == 0, row.line.sku.bin_location, row.line.index)
        ),
        shows_all=shows_all or len(rows) <= SHOWN_LINES,
        cards=[
            _card(
                package,
                shows_all=shows_all,
                current=current,
                moves_to=following if package == current else current,
                messages=messages,
                sees_money=sees_money,
            )
            for package in sorted(packages, key=lambda package: package != current)
        ],
        next_number=numbering.upcoming(account=order.account),
        refusal=contents.why_not_packable(order),
        stopped=modifying.why_not_pack(order),
        short=shorts.why_not_close(order) if known else None,
        short_reasons=ShortReason.choices,
        remarks=remarks_on(order, lines) if sees_money else [],
        today=timezone.localdate(now, order.account.zone),
        moment=timezone.localtime(now, order.account.zone),
        switch_package=following,
        next_order=next_after(order, reader=reader, now=now),
        taken=_taken(order, reader=reader, now=now),
        carriers=carrying.offered(),
    )


def _taken(order: Order, *, reader: User, now: datetime) -> leasing.Holder | None:
    """Who else is at the order, or was there last; None while it is the reader's or nobody's."""
    there = leasing.holder(order, now=now)
    return there if there is not None and there.packer != reader else None


def _packages(order: Order, lines: list[OrderLine]) -> list[Package]:
    """With what is in them. Its lines are the order's own, not read again: there may be hundreds,
    and a scan waits."""
    items = Prefetch("items", PackageItem.objects.order_by("pk"))
    packages = list(
        order.packages.select_related("closed_by")
        .prefetch_related(items, "invoices__message", "events")
        .order_by("number")
    )
    known = {line.pk: line for line in lines}
    for package in packages:
        package.order = order
        for item in package.items.all():
            item.line = known[item.line_id]
    return packages


def _current(packages: list[Package], package_id: int | None) -> Package | None:
    still_open = [package for package in packages if package.status == Package.Status.OPEN]
    asked = next((package for package in still_open if package.pk == package_id), None)
    return asked or (still_open[-1] if still_open else None)


def _following(packages: list[Package], current: Package | None) -> Package | None:
    """The open package that a key makes current: the next one, then round again."""
    others = [one for one in packages if one.status == Package.Status.OPEN and one != current]
    if current is None or not others:
        return None
    return min(others, key=lambda package: (package.number < current.number, package.number))


def _messages(order: Order) -> dict[str, OutboxMessage]:
    """The order's tracking messages by the stem of their key; the latest correction wins."""
    found = OutboxMessage.objects.filter(
        account=order.account_id,
        subject=order.marketplace_order_id,
        kind__in=(OutboxMessage.Kind.TRACKING, OutboxMessage.Kind.TRACKING_EVENTS),
    )
    return {message.key.rpartition("/")[0]: message for message in found.order_by("id")}


def _card(
    package: Package,
    *,
    shows_all: bool,
    current: Package | None,
    moves_to: Package | None,
    messages: dict[str, OutboxMessage],
    sees_money: bool,
) -> PackageCard:
    items = sorted(package.items.all(), key=lambda item: item.line.index)
    invoice = next((one for one in package.invoices.all() if one.voided_at is None), None)
    is_open = package.status == Package.Status.OPEN
    tracking = _latest(messages, invoice)
    return PackageCard(
        package=package,
        items=items,
        shown_items=items if shows_all else items[:SHOWN_LINES],
        current=package == current,
        moves_to=moves_to,
        refusal=packing.why_not_close(package) if is_open else None,
        worth=worth_of(package, items, invoice) if sees_money and items else None,
        invoice=invoice,
        fate=fate_of(invoice.message) if invoice and invoice.message else None,
        tracking_fate=fate_of(tracking) if tracking else None,
        reopenable=not is_open and packing.why_not_reopen(package) is None,
    )


def _latest(messages: dict[str, OutboxMessage], invoice: Invoice | None) -> OutboxMessage | None:
    if invoice is None:
        return None
    kinds = (OutboxMessage.Kind.TRACKING_EVENTS, OutboxMessage.Kind.TRACKING)
    return next(
        (messages[f"{kind}/{invoice.pk}"] for kind in kinds if f"{kind}/{invoice.pk}" in messages),
        None,
    )


def warehouses_of(orders: Iterable[Order]) -> dict[int, list[Warehouse]]:
    """Where each order's units lie, by order pk: one query for all of them."""
    by_reference = {order.seller_order_id: order.pk for order in orders}
    places = (
        Warehouse.objects.filter(
            levels__holds__seller_order_id__in=by_reference,
            levels__holds__state__in=(Hold.State.HELD, Hold.State.SHIPPED),
        )
        .annotate(promised_to=F("levels__holds__seller_order_id"), first=Min("levels__holds__id"))
        .order_by("first")
    )
    found: dict[int, list[Warehouse]] = {}
    for place in places:
        found.setdefault(by_reference[place.promised_to], []).append(place)
    return found
