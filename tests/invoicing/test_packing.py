"""Packing, closing and reopening, through the use cases: what is written, and what is refused."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import transaction

from invoicing import packing
from invoicing.models import Invoice, InvoiceSeries, Package
from orders.models import Order
from orders.states import Status
from sellers.errors import DomainError
from sellers.marketplace.claiming import claim_due
from sellers.models import OutboxMessage, StockLevel
from tests.builders import NOW, Line, a_seller, a_sku, an_order

pytestmark = pytest.mark.django_db
REFUSED_BEFORE_PAYMENT = [
    Status.RESERVED,
    Status.EXPIRED,
    Status.CANCELLED,
    Status.CANCEL_REQUESTED,
]


def pack(order: Order, *quantities: int) -> Package:
    """A new package with so many units of each line."""
    package = packing.open_package(order=order, now=NOW, actor=None)
    for line, quantity in zip(order.lines.all(), quantities, strict=True):
        if quantity:
            packing.put(package=package, line=line, quantity=quantity, now=NOW, actor=None)
    return package


def close(package: Package, **facts: str) -> Invoice:
    return packing.close(package=package, now=NOW, actor=None, **facts)  # type: ignore[arg-type]  # texts only


def sent(order: Order, kind: str = "invoice") -> list[dict[str, object]]:
    rows = OutboxMessage.objects.filter(subject=order.marketplace_order_id, kind=kind)
    return [json.loads(row.body) for row in rows.order_by("id")]


def level(ref: str = "1001") -> tuple[int, int]:
    row = StockLevel.objects.get(sku__ref=ref)
    return row.on_hand, row.held


def settled(invoice: Invoice, **facts: object) -> None:
    """What a worker writes once the marketplace has answered."""
    assert invoice.message
    OutboxMessage.objects.filter(pk=invoice.message.pk).update(**facts)


def refusal_of(call: object) -> str:
    with pytest.raises(DomainError) as caught:
        call()  # type: ignore[operator]  # a lambda of the test
    return caught.value.code


def test_starting_tells_the_marketplace_once() -> None:
    order = an_order()
    packing.start(order=order, now=NOW, actor=None)
    packing.start(order=order, now=NOW, actor=None)
    order.refresh_from_db()
    message = OutboxMessage.objects.get(subject=order.marketplace_order_id)
    assert order.status == Status.HANDLING
    assert message.method == "POST"
    assert message.path == f"/api/oms/pvt/orders/{order.marketplace_order_id}/start-handling"


def test_an_account_may_keep_the_start_of_handling_to_itself() -> None:
    order = an_order(account=a_seller("quiet", announces_handling=False))
    assert packing.start(order=order, now=NOW, actor=None).status == Status.HANDLING
    assert not OutboxMessage.objects.exists()


@pytest.mark.parametrize("status", REFUSED_BEFORE_PAYMENT)
def test_refuses_to_pack_what_is_not_paid_or_is_cancelled(status: Status) -> None:
    order = an_order(status=status)
    refusal_of(lambda: packing.open_package(order=order, now=NOW, actor=None))
    order.refresh_from_db()
    assert order.status == status
    assert not OutboxMessage.objects.exists() and not Package.objects.exists()


def test_closing_writes_invoice_message_stock_and_timeline_together() -> None:
    order = an_order(Line(quantity=3, price=1000, freight=500))
    invoice = close(pack(order, 2), number="A-77")
    [body] = sent(order)
    assert body == {
        "type": "Output",
        "invoiceNumber": "A-77",
        "invoiceValue": 2333,
        "issuanceDate": "2026-03-02T09:00:00-03:00",
        "items": [{"id": "1001", "price": 1000, "quantity": 2, "description": "Item 1001"}],
        "courier": "",
        "trackingNumber": "",
        "trackingUrl": "",
    }
    assert invoice.message and invoice.message.path == (
        f"/api/oms/pvt/orders/{order.marketplace_order_id}/invoice"
    )
    assert [(row.quantity, row.value_cents) for row in invoice.lines.all()] == [(2, 2333)]
    assert level() == (98, 1)
    order.refresh_from_db()
    assert order.status == Status.HANDLING
    assert "package-closed" in order.timeline.values_list("code", flat=True)


def test_the_reservation_id_is_in_no_path() -> None:
    order = an_order()
    close(pack(order, 1))
    for message in OutboxMessage.objects.all():
        assert order.seller_order_id not in message.path


def test_the_last_unit_makes_the_order_invoiced_to_the_cent() -> None:
    order = an_order(Line(quantity=4, price=17, discount=3), pays=65)
    values = [close(pack(order, 2)).value_cents, close(pack(order, 2)).value_cents]
    order.refresh_from_db()
    assert sum(values) == 65
    assert order.status == Status.INVOICED
    assert level() == (96, 0)


def test_the_same_sku_on_two_lines_is_one_row_on_the_wire_and_two_inside() -> None:
    order = an_order(Line(quantity=1, price=1000), Line(quantity=2, price=950))
    invoice = close(pack(order, 1, 2))
    [body] = sent(order)
    assert body["items"] == [
        {"id": "1001", "price": 967, "quantity": 3, "description": "Item 1001"}
    ]
    assert body["invoiceValue"] == 2900
    assert invoice.lines.count() == 2


def test_an_empty_package_left_open_goes_with_the_last_close() -> None:
    order = an_order(Line(quantity=1))
    full = pack(order, 1)
    Package.objects.create(order=order, number=2, opened_at=NOW)
    close(full)
    order.refresh_from_db()
    assert order.status == Status.INVOICED
    assert order.packages.count() == 1


def test_refuses_more_units_than_ordered_over_all_packages() -> None:
    order = an_order(Line(quantity=2))
    line = order.lines.get()
    pack(order, 1)
    second = Package.objects.create(order=order, number=2, opened_at=NOW)
    code = refusal_of(
        lambda: packing.put(package=second, line=line, quantity=2, now=NOW, actor=None)
    )
    assert code == "too-many"
    assert not second.items.exists()


def test_refuses_a_line_of_another_order() -> None:
    package, other = pack(an_order(), 1), an_order().lines.get()
    code = refusal_of(
        lambda: packing.put(package=package, line=other, quantity=1, now=NOW, actor=None)
    )
    assert code == "no-such-line"


def test_takes_units_out_again() -> None:
    order = an_order(Line(quantity=3))
    package, line = pack(order, 3), order.lines.get()
    assert packing.take_out(package=package, line=line, quantity=1, now=NOW, actor=None) == 2
    assert packing.take_out(package=package, line=line, quantity=2, now=NOW, actor=None) == 0
    assert not package.items.exists()


@pytest.mark.parametrize("number", ["12/3", "12 3", "nº12", "", " "])
def test_refuses_invoice_numbers_that_break_the_marketplaces_paths(number: str) -> None:
    package = pack(an_order(), 1)
    if number.strip():
        assert refusal_of(lambda: close(package, number=number)) == "bad-invoice-number"
        assert level() == (100, 1)
        assert not Invoice.objects.exists()
    else:  # nothing typed: the series gives one
        assert close(package, number=number).number == "1"


def test_refuses_a_number_that_another_live_invoice_has() -> None:
    close(pack(an_order(), 1), number="7")
    package = pack(an_order(), 1)
    assert refusal_of(lambda: close(package, number="7")) == "number-taken"
    assert packing.can_close(package)


def test_the_series_has_no_gaps_and_passes_over_typed_numbers() -> None:
    InvoiceSeries.objects.create(account=a_seller(), prefix="F-", next_number=9)
    close(pack(an_order(), 1), number="F-10")
    refused = pack(an_order(), 1)
    with pytest.raises(DomainError), transaction.atomic():
        close(refused, key="not a key")
    drawn = [close(pack(an_order(), 1)).number for _i in range(3)]
    assert drawn == ["F-9", "F-11", "F-12"]


def test_two_sellers_may_have_the_same_invoice_number() -> None:
    close(pack(an_order(), 1), number="5")
    rival = an_order(account=a_seller("rival"))
    assert close(pack(rival, 1), number="5").number == "5"


def test_reopening_takes_everything_back_and_closing_again_uses_the_same_number() -> None:
    order = an_order(Line(quantity=2))
    package = pack(order, 2)
    first = close(package)
    packing.reopen(package=package, now=NOW, actor=None)
    order.refresh_from_db()
    first.refresh_from_db()
    assert (order.status, order.invoiced_at) == (Status.HANDLING, None)
    assert level() == (100, 2)
    assert first.voided_at and first.message
    assert first.message.status == OutboxMessage.Status.SUPERSEDED
    again = close(package)
    order.refresh_from_db()
    assert (again.number, again.value_cents) == (first.number, first.value_cents)
    assert order.status == Status.INVOICED
    assert level() == (98, 0)


def test_refuses_to_reopen_once_a_worker_has_the_message() -> None:
    order = an_order()
    package = pack(order, 1)
    close(package)
    for _turn in range(2):  # start-handling goes first
        for message in claim_due(now=NOW + timedelta(seconds=1), limit=5):
            if message.kind == OutboxMessage.Kind.START_HANDLING:
                OutboxMessage.objects.filter(pk=message.pk).update(status="delivered", lease=None)
    assert packing.why_not_reopen(package) is not None
    code = refusal_of(lambda: packing.reopen(package=package, now=NOW, actor=None))
    assert code == "invoice-sent"
    assert level() == (99, 0)


def test_refuses_to_reopen_what_the_marketplace_accepted() -> None:
    package = pack(an_order(), 1)
    invoice = close(package)
    settled(invoice, status="delivered")
    code = refusal_of(lambda: packing.reopen(package=package, now=NOW, actor=None))
    assert code == "invoice-sent"


def test_reopens_after_the_marketplace_refused_the_invoice() -> None:
    package = pack(an_order(), 1)
    invoice = close(package)
    settled(invoice, status="rejected", attempts_made=1)
    packing.reopen(package=package, now=NOW, actor=None)
    package.refresh_from_db()
    assert package.status == Package.Status.OPEN


def test_a_line_split_over_holds_ships_from_all_of_them() -> None:
    a_sku("1001", on_hand=100)
    order = an_order(Line(quantity=5))
    close(pack(order, 2))
    close(pack(order, 2))
    close(pack(order, 1))
    order.refresh_from_db()
    assert order.status == Status.INVOICED
    assert level() == (95, 0)


def test_an_account_may_leave_freight_out_of_its_invoices() -> None:
    acme = a_seller("lean", invoices_carry_freight=False)
    order = an_order(Line(quantity=2, price=1000, freight=990), account=acme)
    first, second = close(pack(order, 1)), close(pack(order, 1))
    assert [first.value_cents, second.value_cents] == [1000, 1000]
    order.refresh_from_db()
    assert order.status == Status.INVOICED
