"""The weeks before the demonstration: orders that came, were packed, and went, so that reports have
a past to tell. Written as rows, as nobody can play last month through the protocol.

The shelves know nothing of them: they were filled after all of it had left.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.db import transaction

from demo.preparing import SLUG
from invoicing.models import Invoice, InvoiceLine, Package, PackageItem, Return, ReturnItem
from orders.models import Order, OrderLine, PersonalData, TimelineEntry
from orders.states import Status
from sellers.models import Hold, OutboxMessage, SellerAccount, Sku, StockLevel
from simulation.models import SimulationMinute
from simulation.tallying import BOUNDS_MS

DAYS = 62
#: By weekday, Monday first.
ORDERS_A_DAY = (12, 9, 8, 9, 12, 5, 4)
CUT_OFF = time(15)
MARK = "demo-history"
PLACES = (
    ("22250040", "RJ", "Rio de Janeiro"),
    ("01310100", "SP", "São Paulo"),
    ("80250000", "PR", "Curitiba"),
    ("30130010", "MG", "Belo Horizonte"),
    ("40026010", "BA", "Salvador"),
)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass
class _Rows:
    """Everything to be written, kind by kind: rows point at rows that are written before."""

    orders: list[Order] = field(default_factory=list)
    personal: list[PersonalData] = field(default_factory=list)
    lines: list[OrderLine] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    timeline: list[TimelineEntry] = field(default_factory=list)
    packages: list[Package] = field(default_factory=list)
    items: list[PackageItem] = field(default_factory=list)
    messages: list[OutboxMessage] = field(default_factory=list)
    invoices: list[Invoice] = field(default_factory=list)
    invoiced: list[InvoiceLine] = field(default_factory=list)
    returns: list[Return] = field(default_factory=list)
    returned: list[ReturnItem] = field(default_factory=list)

    def write(self) -> None:
        for rows in vars(self).values():
            if rows:
                type(rows[0])._default_manager.bulk_create(rows, batch_size=500)


@transaction.atomic
def remember(*, now: datetime) -> int:
    """Invent the past once; how many orders were invented."""
    account = SellerAccount.objects.get(slug=SLUG)
    if Order.objects.filter(account=account, operation_id=MARK).exists():
        return 0
    writer = _Writer(account, now)
    for moment in _moments(account, now, writer.rng):
        writer.an_order(moment)
    writer.rows.write()
    SimulationMinute.objects.bulk_create(_minutes(account, now, writer.rng), batch_size=500)
    return len(writer.rows.orders)


def _moments(account: SellerAccount, now: datetime, rng: random.Random) -> Iterator[datetime]:
    """When orders were placed: mostly by day, more in the evening, up to yesterday."""
    today = now.astimezone(account.zone).date()
    for days_ago in range(DAYS, 0, -1):
        day = today - days_ago * DAY
        for _order in range(ORDERS_A_DAY[day.weekday()]):
            hour = min(23.9, max(0.0, rng.gauss(15, 5)))
            yield datetime.combine(day, time(), account.zone) + hour * HOUR


class _Writer:
    """Draws the fate of each order, the same every time."""

    def __init__(self, account: SellerAccount, now: datetime) -> None:
        self.account, self.now, self.rng = account, now, random.Random(42)  # noqa: S311
        self.skus = list(Sku.objects.filter(account=account, price_cents__gt=0).order_by("ref"))
        levels = StockLevel.objects.filter(sku__account=account)
        # Of the shelves of a SKU, that of the warehouse that ships most.
        by_rank = sorted(
            levels.select_related("warehouse"), key=lambda each: each.warehouse.priority
        )
        self.levels = {level.sku_id: level for level in reversed(by_rank)}
        self.skus = [sku for sku in self.skus if sku.pk in self.levels]
        self.rows = _Rows()

    def an_order(self, placed: datetime) -> None:
        rng, paid = self.rng, placed + self.rng.uniform(2, 90) * timedelta(minutes=1)
        due = self.due(paid)
        left = due - paid
        invoiced = paid + rng.uniform(0.1, 0.6) * left
        shipped = invoiced + rng.uniform(0.05, 0.35) * left
        # Mondays are more than the shop can pack, and now and then an order is forgotten.
        if rng.random() < (0.16 if due.weekday() == 0 else 0.02):
            shipped = due + rng.uniform(0.5, 20) * HOUR
        delivered = shipped + rng.uniform(1, 6) * DAY
        if shipped >= self.now:
            return
        order, lines = self.row(placed, paid, due)
        if rng.random() < 0.05:
            self.cancelled(order, paid + 2 * HOUR)
            return
        self.sent(order, lines, invoiced, shipped)
        if delivered < self.now:
            self.delivered(order, lines, delivered)

    def due(self, paid: datetime) -> datetime:
        """The cut-off of the first working day at or after the payment."""
        day = paid.date() + DAY if paid.time() > CUT_OFF else paid.date()
        while day.weekday() > 4:
            day += DAY
        return datetime.combine(day, CUT_OFF, self.account.zone)

    def row(self, placed: datetime, paid: datetime, due: datetime) -> tuple[Order, list[OrderLine]]:
        postal_code, state, city = self.rng.choice(PLACES)
        serial = len(self.rows.orders) + 1
        order = Order(
            account=self.account,
            seller_order_id=f"R-P{placed:%y%m%d}{serial:05d}",
            marketplace_order_id=f"17{placed:%y%m%d}{serial:05d}-01",
            marketplace_order_group=f"17{placed:%y%m%d}{serial:05d}",
            operation_id=MARK,
            sales_channel="1",
            placed_at=placed,
            hold_expires_at=placed + 7 * DAY,
            authorized_at=paid,
            due_at=due,
            ship_country="BRA",
            ship_postal_code=postal_code,
            ship_state=state,
            ship_city=city,
        )
        lines = list(self.lines_of(order))
        order.items_cents = sum(line.items_cents for line in lines)
        order.freight_cents = sum(line.freight_cents for line in lines)
        order.payment_value_cents = order.items_cents + order.freight_cents
        self.rows.orders.append(order)
        self.rows.lines += lines
        self.rows.personal.append(PersonalData(order=order))
        self.tell(order, "placed", placed, "", Status.RESERVED)
        self.tell(order, "authorized", paid, Status.RESERVED, Status.AUTHORIZED)
        return order, lines

    def lines_of(self, order: Order) -> Iterator[OrderLine]:
        """Every fourth order pays for speed, and is promised more than carriers keep."""
        sla, faster = ("expressa", 3) if len(self.rows.orders) % 4 == 0 else ("economica", 0)
        for index, sku in enumerate(self.rng.sample(self.skus, self.rng.choice((1, 1, 1, 2, 3)))):
            quantity = self.rng.choice((1, 1, 1, 2))
            price = sku.price_cents or 0
            yield OrderLine(
                order=order,
                index=index,
                sku=sku,
                ref=sku.ref,
                name=sku.name,
                seller=self.account.seller_id,
                quantity=quantity,
                price_cents=price,
                items_cents=price * quantity,
                freight_cents=self.rng.choice((1290, 1590, 2190)),
                policy_ref=sla,
                channel="delivery",
                shipping_estimate=f"{max(1, self.rng.randint(3, 6) - faster)}bd",
                commission=16,
                freight_commission=0,
            )

    def tell(
        self, order: Order, code: str, at: datetime, before: str, after: str, **facts: Any
    ) -> None:
        entry = TimelineEntry(
            order=order,
            at=at,
            kind=TimelineEntry.Kind.STATUS,
            code=code,
            from_status=before,
            to_status=after,
            facts=facts,
        )
        self.rows.timeline.append(entry)

    def cancelled(self, order: Order, at: datetime) -> None:
        code, reason = self.rng.choice(
            (
                ("cancelled-by-seller", "Sem estoque"),
                ("cancelled-by-seller", "Avariado no depósito"),
                ("cancelled-by-marketplace", "Comprei por engano"),
                ("cancelled-by-marketplace", "Comprei por engano"),
                ("cancel-accepted", "Desisti da compra"),
            )
        )
        order.status, order.marketplace_status = Status.CANCELLED, "canceled"
        order.cancelled_at, order.cancel_reason = at, reason
        self.tell(order, code, at, Status.AUTHORIZED, Status.CANCELLED, reason=reason)

    def sent(
        self, order: Order, lines: list[OrderLine], invoiced: datetime, shipped: datetime
    ) -> None:
        order.status, order.marketplace_status = Status.SHIPPED, "invoiced"
        order.handling_at, order.invoiced_at = invoiced - HOUR / 4, invoiced
        order.shipped_at = shipped
        has_number = self.rng.random() > 0.03
        package = Package(
            order=order,
            number=1,
            status=Package.Status.CLOSED,
            opened_at=order.handling_at,
            closed_at=invoiced,
            courier="Rápido Aurora",
            dispatched_at=shipped,
            tracking_number=f"CA{len(self.rows.packages):09d}BR" if has_number else "",
        )
        self.rows.packages.append(package)
        self.tell(order, "handling-started", order.handling_at, "authorized", Status.HANDLING)
        self.tell(order, "invoiced", invoiced, Status.HANDLING, Status.INVOICED)
        self.tell(order, "shipped", shipped, Status.INVOICED, Status.SHIPPED)
        self.bill(order, lines, package, invoiced)

    def delivered(self, order: Order, lines: list[OrderLine], at: datetime) -> None:
        order.status, order.delivered_at = Status.DELIVERED, at
        self.rows.packages[-1].delivered_at = at
        self.tell(order, "delivered", at, Status.SHIPPED, Status.DELIVERED)
        if self.rng.random() < 0.09:
            self.came_back(order, lines, at + self.rng.uniform(1, 5) * DAY)

    def bill(self, order: Order, lines: list[OrderLine], package: Package, at: datetime) -> None:
        message = self.message(order, OutboxMessage.Kind.INVOICE, at)
        if package.tracking_number:
            self.message(order, OutboxMessage.Kind.TRACKING, at + HOUR)
        invoice = Invoice(
            account=self.account,
            order=order,
            package=package,
            number=f"CAH-{len(self.rows.invoices) + 1}",
            value_cents=order.payment_value_cents,
            issued_at=at,
            message=message,
        )
        self.rows.invoices.append(invoice)
        for line in lines:
            self.take(line, package, invoice, at)

    def take(self, line: OrderLine, package: Package, invoice: Invoice, at: datetime) -> None:
        units = line.quantity
        self.rows.items.append(PackageItem(package=package, line=line, quantity=units))
        self.rows.invoiced.append(
            InvoiceLine(invoice=invoice, line=line, quantity=units, value_cents=line.total_cents)
        )
        self.rows.holds.append(
            Hold(
                level=self.levels[line.sku_id],
                seller_order_id=line.order.seller_order_id,
                line_index=line.index,
                quantity=units,
                state=Hold.State.SHIPPED,
                created_at=at,
            )
        )

    def message(self, order: Order, kind: OutboxMessage.Kind, at: datetime) -> OutboxMessage:
        path = f"/api/oms/pvt/orders/{order.marketplace_order_id}/invoice"
        message = OutboxMessage(
            account=self.account,
            subject=order.marketplace_order_id,
            kind=kind,
            key=f"{kind}/{order.marketplace_order_id}/{len(self.rows.messages)}",
            method="POST",
            path=path,
            body="{}",
            status=OutboxMessage.Status.DELIVERED,
            attempts_made=1,
            due_at=at,
            created_at=at,
            settled_at=at,
            applied=OutboxMessage.Applied.APPLIED,
        )
        self.rows.messages.append(message)
        return message

    def came_back(self, order: Order, lines: list[OrderLine], at: datetime) -> None:
        """One unit, and the rest stays; the latest ones still wait for their return invoice."""
        line = next((each for each in lines if each.quantity > 1 or len(lines) > 1), None)
        if line is None or at >= self.now:
            return
        taken_in = Return(order=order, number=1, key=MARK, received_at=at)
        if at < self.now - 3 * DAY:
            taken_in.invoice = self.credit(order, line, at + HOUR)
        self.rows.returns.append(taken_in)
        self.rows.returned.append(
            ReturnItem(arrival=taken_in, line=line, quantity=1, scrap_reason="Avariado")
        )

    def credit(self, order: Order, line: OrderLine, at: datetime) -> Invoice:
        value = line.total_cents // line.quantity
        invoice = Invoice(
            account=self.account,
            order=order,
            kind=Invoice.Kind.INPUT,
            number=f"CAD-{len(self.rows.invoices) + 1}",
            value_cents=value,
            issued_at=at,
            message=self.message(order, OutboxMessage.Kind.INVOICE, at),
        )
        self.rows.invoices.append(invoice)
        self.rows.invoiced.append(
            InvoiceLine(invoice=invoice, line=line, quantity=1, value_cents=value)
        )
        return invoice


def _minutes(
    account: SellerAccount, now: datetime, rng: random.Random
) -> Iterator[SimulationMinute]:
    """A minute of each hour, as if it were the whole hour."""
    hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    for hours_ago in range(DAYS * 24, 0, -1):
        moment = hour - hours_ago * HOUR
        calls = int(rng.uniform(20, 60) * (2 if 11 <= moment.hour <= 23 else 0.4))
        lacking = int(calls * rng.uniform(0, 0.08))
        durations = [0] * (len(BOUNDS_MS) + 1)
        for _call in range(calls):
            durations[min(9, max(0, int(rng.gauss(3.2, 1.4))))] += 1
        causes = {"out-of-stock": lacking * 2 // 3, "no-delivery": lacking - lacking * 2 // 3}
        yield SimulationMinute(
            account=account,
            minute=moment,
            calls=calls,
            unavailable=lacking,
            durations=durations,
            causes={code: lines for code, lines in causes.items() if lines},
        )
