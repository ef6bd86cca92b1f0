"""Whatever is ordered, however it is packed, opened again and returned: every cent is accounted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from invoicing import crediting, packing, returning
from invoicing.models import Invoice, InvoiceLine, Package
from invoicing.returning import Arrived
from orders.models import Order, OrderLine
from orders.states import Status
from sellers.errors import DomainError
from sellers.models import OutboxMessage
from sellers.money import line_total
from tests.builders import NOW, Line, a_warehouse, an_order

pytestmark = pytest.mark.django_db
WHEN: dict[str, Any] = {"now": NOW, "actor": None}
REFS = ("1001", "1002")
MULTIPLIERS = [Decimal(1), Decimal("0.3"), Decimal("2.5")]


@st.composite
def a_line(draw: st.DrawFn) -> tuple[Line, Decimal]:
    """Odd cents everywhere; the discount may be the whole price."""
    quantity, price = draw(st.integers(1, 4)), draw(st.integers(0, 300))
    multiplier = draw(st.sampled_from(MULTIPLIERS))
    goods = line_total(price_cents=price, quantity=quantity, unit_multiplier=multiplier)
    line = Line(
        draw(st.sampled_from(REFS)),
        quantity,
        price=price,
        discount=draw(st.integers(0, goods)),
        services=draw(st.integers(0, 60)),
        freight=draw(st.integers(0, 200)),
    )
    return line, multiplier


@st.composite
def an_order_to_pack(draw: st.DrawFn) -> tuple[list[tuple[Line, Decimal]], int]:
    """Lines, the same SKU twice at times, and what the marketplace pays beyond their sum."""
    return draw(st.lists(a_line(), min_size=1, max_size=3)), draw(st.integers(-2, 2))


def placed(lines: list[tuple[Line, Decimal]], gap: int) -> Order:
    order = an_order(*(line for line, _multiplier in lines))
    for row, (line, multiplier) in zip(order.lines.order_by("index"), lines, strict=True):
        row.unit_multiplier = multiplier
        row.items_cents = line_total(
            price_cents=line.price, quantity=line.quantity, unit_multiplier=multiplier
        )
        row.save()
    rows = list(order.lines.all())
    units = sum(row.quantity for row in rows)
    # Each package needs a cent: what is paid suffices for a package per unit.
    order.payment_value_cents = max(sum(row.total_cents for row in rows) + gap, units)
    order.save()
    return order


def pack_in_packages(order: Order, draw: Callable[..., Any]) -> None:
    """Units in any order, packages closed at any moment, some opened again."""
    units = [line for line in order.lines.all() for _unit in range(line.quantity)]
    rest = draw(st.permutations(units))
    reopenings = draw(st.integers(0, 2))
    while rest:
        size = draw(st.integers(1, len(rest)))
        package = packing.open_package(order=order, **WHEN)
        for line, quantity in Counter(rest[:size]).items():
            packing.put(package=package, line=line, quantity=quantity, **WHEN)
        packing.close(package=package, **WHEN)
        rest = rest[size:]
        if reopenings and draw(st.booleans()):
            reopenings -= 1
            rest = [*rest, *reopened(order, draw)]


def reopened(order: Order, draw: Callable[..., Any]) -> list[OrderLine]:
    """A closed package opened again and emptied: its units are to be packed once more."""
    closed = list(Package.objects.filter(order=order, status="closed").order_by("pk"))
    package = packing.reopen(package=draw(st.sampled_from(closed)), **WHEN)
    units = []
    for item in package.items.select_related("line"):
        packing.take_out(package=package, line=item.line, quantity=item.quantity, **WHEN)
        units += [item.line] * item.quantity
    return units


def values(order: Order, kind: str) -> list[int]:
    live = order.invoices.filter(kind=kind, voided_at=None)
    return list(live.order_by("id").values_list("value_cents", flat=True))


def units_invoiced(order: Order, kind: str) -> dict[int, int]:
    rows = InvoiceLine.objects.filter(
        invoice__order=order, invoice__kind=kind, invoice__voided_at=None
    )
    return dict(rows.values_list("line").annotate(n=Sum("quantity")).order_by("line"))


def require_exact(order: Order) -> None:
    for invoice in Invoice.objects.filter(order=order, voided_at=None):
        lines = invoice.lines.aggregate(cents=Sum("value_cents"))["cents"]
        assert lines == invoice.value_cents >= 1


@given(made=an_order_to_pack(), data=st.data())
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
def test_invoices_add_up_to_what_is_paid_and_returns_to_the_invoices(
    made: tuple[list[tuple[Line, Decimal]], int], data: st.DataObject
) -> None:
    order = placed(*made)
    pack_in_packages(order, data.draw)
    order.refresh_from_db()
    assert order.status == Status.INVOICED
    assert sum(values(order, "Output")) == order.payment_value_cents
    assert units_invoiced(order, "Output") == {row.pk: row.quantity for row in order.lines.all()}
    require_exact(order)
    OutboxMessage.objects.update(status="delivered", applied="applied", lease=None)

    while left := returning.returnable(order):
        give_back(order, left, data.draw)
        assert sum(values(order, "Input")) <= order.payment_value_cents
        back = units_invoiced(order, "Input")
        assert all(back[line] <= units_invoiced(order, "Output")[line] for line in back)
    order.refresh_from_db()
    assert order.status == Status.RETURNED
    assert sum(values(order, "Input")) == order.payment_value_cents
    require_exact(order)


def give_back(order: Order, left: dict[int, int], draw: Callable[..., Any]) -> None:
    """Some of what can come back, credited at once; one unit too many is refused."""
    lines = {line.pk: line for line in order.lines.all()}
    chosen = draw(st.sampled_from(sorted(left)))
    units = draw(st.integers(1, left[chosen]))
    house = a_warehouse()
    with pytest.raises(DomainError):
        returning.check(
            order=order, arrived=[Arrived(lines[chosen], left[chosen] + 1, warehouse=house)]
        )
    arrived = [Arrived(lines[chosen], units, warehouse=house)]
    key = f"{order.returns.count()}"
    taken_in = returning.receive(order=order, arrived=arrived, key=key, **WHEN)
    crediting.credit(taken_in=taken_in, **WHEN)
    OutboxMessage.objects.update(status="delivered", applied="applied")


def test_four_times_17_less_3_in_two_packages_reconciles_to_65() -> None:
    order = an_order(Line(quantity=4, price=17, discount=3))
    for _package in range(2):
        package = packing.open_package(order=order, **WHEN)
        packing.put(package=package, line=order.lines.get(), quantity=2, **WHEN)
        packing.close(package=package, **WHEN)
    assert sum(values(order, "Output")) == 65
