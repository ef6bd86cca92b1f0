"""Several packers at once: no unit twice, no number twice, no invoice both sent and withdrawn."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from invoicing import bench, contents, gestures, leasing, numbering, packing
from invoicing.models import Invoice, InvoiceSeries, Package, PackageItem, PackingLease
from invoicing.outcomes import Outcome
from orders import moving
from orders.models import Order
from sellers.errors import Conflict
from sellers.marketplace.claiming import claim_due
from sellers.models import OutboxMessage, User
from tests.builders import NOW, Line, a_seller, an_order
from tests.concurrency.racing import together

pytestmark = pytest.mark.django_db(transaction=True)
PACKERS = 6


@pytest.fixture
def wide_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between looking and writing there is time for everybody else to look."""
    look = contents.remaining

    def slowly(order: Order) -> dict[int, int]:
        found = look(order)
        time.sleep(0.05)
        return found

    monkeypatch.setattr(contents, "remaining", slowly)


def packed_package(order: Order) -> Package:
    package = packing.open_package(order=order, now=NOW, actor=None)
    for line in order.lines.all():
        packing.put(package=package, line=line, quantity=line.quantity, now=NOW, actor=None)
    return package


def put_together(order: Order) -> int:
    """Everybody puts the same last unit in; how many units ended up packed."""
    package = packing.open_package(order=order, now=NOW, actor=None)
    line = order.lines.get()
    put = partial(packing.put, package=package, line=line, quantity=1, now=NOW, actor=None)
    together([put] * PACKERS)
    return sum(item.quantity for item in PackageItem.objects.filter(line=line))


@pytest.mark.usefixtures("wide_window")
def test_puts_the_last_unit_in_once_however_many_scan_it() -> None:
    assert put_together(an_order(Line(quantity=1))) == 1


@pytest.mark.usefixtures("wide_window")
def test_control_without_the_order_lock_the_last_unit_is_packed_by_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        contents, "lock_for_packing", lambda *, order_id: Order.objects.get(pk=order_id)
    )
    order = packing.start(order=an_order(Line(quantity=1)), now=NOW, actor=None)
    boxes = [
        Package.objects.create(order=order, number=number, opened_at=NOW)
        for number in range(1, PACKERS + 1)
    ]
    line = order.lines.get()
    together(
        [
            partial(packing.put, package=box, line=line, quantity=1, now=NOW, actor=None)
            for box in boxes
        ]
    )
    assert PackageItem.objects.filter(line=line).count() > 1


def test_the_same_gesture_sent_at_once_counts_once() -> None:
    order, ana, key = an_order(Line(quantity=9)), User.objects.create_user("ana"), uuid4().hex
    line = order.lines.get()
    put = partial(bench.put, order=order, package_id=None, units=((line, 1),), now=NOW, actor=ana)
    send = partial(gestures.once, order=order, key=key, action="put", now=NOW, actor=ana, act=put)
    answers = together([send] * PACKERS)
    assert len(set(answers)) == 1
    assert PackageItem.objects.get().quantity == 1


@pytest.fixture
def slow_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody has looked who is at the order before anybody writes that it is them."""
    look = leasing._look

    def slowly(order: Order) -> Any:
        found = look(order)
        time.sleep(0.1)
        return found

    monkeypatch.setattr(leasing, "_look", slowly)


def take_together() -> tuple[int, int]:
    """Everybody scans in an order that its packer left long ago; how many may, units packed."""
    order = an_order(Line(quantity=9))
    gone = User.objects.create_user("gone")
    PackingLease.objects.create(order=order, packer=gone, since=NOW, seen_at=NOW)
    line, later = order.lines.get(), NOW + timedelta(hours=1)
    calls = []
    for number in range(PACKERS):
        actor = User.objects.create_user(f"packer{number}")
        put = partial(
            bench.put, order=order, package_id=None, units=((line, 1),), now=later, actor=actor
        )
        calls.append(
            partial(
                gestures.once,
                order=order,
                key=uuid4().hex,
                action="put",
                now=later,
                actor=actor,
                act=put,
            )
        )
    answers = together(calls)
    packed = sum(item.quantity for item in PackageItem.objects.filter(line=line))
    return sum(isinstance(answer, Outcome) for answer in answers), packed


@pytest.mark.usefixtures("slow_look")
def test_an_order_becomes_one_packers_however_many_begin_at_once() -> None:
    assert take_together() == (1, 1)


@pytest.mark.usefixtures("slow_look")
def test_control_without_the_order_lock_it_becomes_many_packers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(moving, "lock", lambda *, order_id: Order.objects.get(pk=order_id))
    may, _packed = take_together()
    assert may > 1


def close_together() -> list[Any]:
    """Of different SKUs, so that no shelf makes them wait for each other."""
    packages = [packed_package(an_order(Line(f"S{number}"))) for number in range(PACKERS)]
    return together(
        [partial(packing.close, package=package, now=NOW, actor=None) for package in packages]
    )


def test_draws_invoice_numbers_without_gaps_or_doubles() -> None:
    invoices = close_together()
    assert sorted(int(invoice.number) for invoice in invoices) == list(range(1, PACKERS + 1))
    assert InvoiceSeries.objects.get().next_number == PACKERS + 1


def test_control_without_the_series_lock_two_draw_the_same_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    InvoiceSeries.objects.create(account=a_seller())
    monkeypatch.setattr(numbering, "draw", _draw_carelessly)
    assert any(isinstance(answer, Exception) for answer in close_together())


def _draw_carelessly(*, account: Any, earlier: str = "") -> str:
    series = InvoiceSeries.objects.get(account=account)
    time.sleep(0.05)
    InvoiceSeries.objects.filter(pk=series.pk).update(next_number=series.next_number + 1)
    return str(series)


def test_a_package_closed_by_two_at_once_has_one_invoice() -> None:
    package = packed_package(an_order())
    close = partial(packing.close, package=package, now=NOW, actor=None)
    answers = together([close] * PACKERS)
    assert sum(isinstance(answer, Invoice) for answer in answers) == 1
    assert all(isinstance(answer, (Invoice, Conflict)) for answer in answers)
    assert Invoice.objects.count() == 1


def rounds() -> Iterator[Package]:
    for _round in range(8):
        package = packed_package(an_order())
        packing.close(package=package, now=NOW, actor=None)
        OutboxMessage.objects.filter(kind=OutboxMessage.Kind.START_HANDLING).update(
            status=OutboxMessage.Status.DELIVERED
        )
        yield package


def test_an_invoice_is_either_taken_by_a_worker_or_withdrawn_never_both() -> None:
    later = NOW + timedelta(seconds=1)
    for package in rounds():
        claim: Callable[[], Any] = partial(claim_due, now=later, limit=10)
        reopen = partial(packing.reopen, package=package, now=later, actor=None)
        claimed, reopened = together([claim, reopen])
        package.refresh_from_db()
        assert (len(claimed) == 0) == isinstance(reopened, Package)
        is_open = package.status == Package.Status.OPEN
        assert is_open == isinstance(reopened, Package)
