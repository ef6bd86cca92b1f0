"""What comes back: to the shelf or to scrap, its value given back to the cent, then cancelled."""

from __future__ import annotations

import json
from typing import Any

import pytest

from invoicing import crediting, packing, returning
from invoicing.crediting import Step
from invoicing.models import Invoice, Package, Return
from invoicing.returning import Arrived
from orders import deciding
from orders.models import Order
from orders.states import Status
from sellers.errors import DomainError
from sellers.models import OutboxMessage, StockLevel, StockMovement
from tests.builders import NOW, Line, a_seller, a_warehouse, an_order

pytestmark = pytest.mark.django_db
WHEN: dict[str, Any] = {"now": NOW, "actor": None}


def packed(order: Order, *quantities: int) -> Invoice:
    package = packing.open_package(order=order, **WHEN)
    for line, quantity in zip(order.lines.all(), quantities, strict=True):
        if quantity:
            packing.put(package=package, line=line, quantity=quantity, **WHEN)
    return packing.close(package=package, **WHEN)


def back(order: Order, *quantities: int, key: str = "", **facts: Any) -> Return:
    """So many units of each line on the desk; onto the shelf `sp` unless scrapped."""
    place = facts or {"warehouse": a_warehouse()}
    arrived = [
        Arrived(line, quantity, **place)
        for line, quantity in zip(order.lines.all(), quantities, strict=True)
        if quantity
    ]
    key = key or f"key-{order.returns.count()}-{quantities}"
    return returning.receive(order=order, arrived=arrived, key=key, **WHEN)


def settled(order: Order, **facts: Any) -> None:
    """What workers write once the marketplace has answered."""
    given = {"status": "delivered", "applied": "applied"} | facts
    OutboxMessage.objects.filter(subject=order.marketplace_order_id).update(**given)


def on_hand(ref: str = "1001") -> int:
    return StockLevel.objects.get(sku__ref=ref, warehouse__code="sp").on_hand


def refusal_of(call: Any) -> DomainError:
    with pytest.raises(DomainError) as caught:
        call()
    return caught.value


def state_of(order: Order) -> tuple[object, ...]:
    order.refresh_from_db()
    return (
        order.status,
        order.invoices.count(),
        order.returns.count(),
        OutboxMessage.objects.count(),
        StockMovement.objects.count(),
        order.timeline.count(),
    )


def test_everything_back_gives_back_everything_and_ends_in_a_cancellation() -> None:
    order = an_order(Line(quantity=4, price=17, discount=3, freight=990))
    packed(order, 4)
    settled(order)
    taken_in = back(order, 4)
    assert crediting.next_step(order) == Step.INVOICE
    invoice = crediting.credit(taken_in=taken_in, **WHEN)
    order.refresh_from_db()
    assert (invoice.kind, invoice.value_cents) == ("Input", 68 - 3 + 990)
    assert (order.status, on_hand()) == (Status.RETURNED, 100)
    assert crediting.next_step(order) == Step.WAIT
    assert refusal_of(lambda: cancel(order)).code == "return-under-way"
    settled(order)
    assert crediting.next_step(order) == Step.CANCEL
    cancel(order)
    kinds = OutboxMessage.objects.filter(subject=order.marketplace_order_id).order_by("id")
    assert [row.kind for row in kinds][-2:] == ["invoice", "cancel-returned"]
    order.refresh_from_db()
    assert crediting.next_step(order) == Step.NOTHING


def cancel(order: Order) -> None:
    deciding.cancel_by_seller(order=order, reason="Returned", **WHEN)


def test_the_marketplace_gets_one_row_per_sku_and_the_type_of_a_return() -> None:
    order = an_order(Line("1001", 2, price=1000), Line("1001", 1, price=900), Line("1002"))
    packed(order, 2, 1, 1)
    settled(order)
    invoice = crediting.credit(taken_in=back(order, 1, 1, 0), number="D-1", key="", **WHEN)
    assert invoice.message
    body = json.loads(invoice.message.body)
    assert (body["type"], body["invoiceNumber"], body["invoiceValue"]) == ("Input", "D-1", 1900)
    assert [(row["id"], row["quantity"]) for row in body["items"]] == [("1001", 2)]


def test_part_of_the_order_is_worth_its_share_of_what_its_invoices_were() -> None:
    order = an_order(Line(quantity=3, price=1000, freight=100))
    packed(order, 1)
    packed(order, 2)
    values = []
    for _each in range(3):
        settled(order)
        values.append(crediting.credit(taken_in=back(order, 1), **WHEN).value_cents)
    assert values == [1033, 1034, 1033]
    order.refresh_from_db()
    assert order.status == Status.RETURNED


def test_scrap_stays_off_the_shelf_and_says_why() -> None:
    order = an_order()
    packed(order, 1)
    taken_in = back(order, 1, scrap_reason="Broken glass", condition="damaged")
    assert on_hand() == 99
    assert taken_in.items.get().scrap_reason == "Broken glass"


def test_goods_may_go_to_another_warehouse_than_they_came_from() -> None:
    order = an_order()
    packed(order, 1)
    back(order, 1, warehouse=a_warehouse("rj"))
    assert StockLevel.objects.get(warehouse__code="rj").on_hand == 1
    assert on_hand() == 99


def test_the_same_key_again_is_the_same_return() -> None:
    order = an_order(Line(quantity=2))
    packed(order, 2)
    first = back(order, 1, key="one-gesture")
    before = state_of(order)
    assert back(order, 1, key="one-gesture") == first
    assert state_of(order) == before


@pytest.mark.parametrize(
    ("quantities", "facts", "code"),
    [
        ((0, 0), {}, "nothing-returned"),
        ((3, 0), {}, "not-returnable"),
        ((0, 1), {}, "not-returnable"),
        ((1, 0), {"scrap_reason": " "}, "reason-missing"),
    ],
)
def test_refuses_what_cannot_have_come_back(
    quantities: tuple[int, int], facts: dict[str, Any], code: str
) -> None:
    order = an_order(Line("1001", 2), Line("1002", 1))
    packed(order, 2, 0)
    before = state_of(order)
    assert refusal_of(lambda: back(order, *quantities, **facts)).code == code
    assert state_of(order) == before


def test_refuses_the_shelf_of_another_account() -> None:
    order = an_order()
    packed(order, 1)
    elsewhere = a_warehouse("x", account=a_seller("rival"))
    refusal = refusal_of(lambda: back(order, 1, warehouse=elsewhere))
    assert refusal.code == "no-such-warehouse"
    assert not StockLevel.objects.filter(warehouse=elsewhere).exists()


def test_refuses_more_than_is_not_back_yet() -> None:
    order = an_order(Line(quantity=3))
    packed(order, 3)
    back(order, 2)
    assert refusal_of(lambda: back(order, 2)).code == "not-returnable"
    assert returning.returnable(order) == {order.lines.get().pk: 1}


def test_refuses_the_return_invoice_before_the_order_is_invoiced_in_full() -> None:
    order = an_order(Line(quantity=2))
    packed(order, 1)
    settled(order)
    taken_in = back(order, 1)
    before = state_of(order)
    refusal = refusal_of(lambda: crediting.credit(taken_in=taken_in, **WHEN))
    assert refusal.code == "not-invoiced-in-full"
    assert "only after the whole amount was invoiced" in refusal.message
    assert state_of(order) == before
    packed(order, 1)
    settled(order)
    taken_in.refresh_from_db()
    assert crediting.credit(taken_in=taken_in, **WHEN).value_cents == 1700


def test_return_invoices_go_one_at_a_time() -> None:
    order = an_order(Line(quantity=2))
    packed(order, 2)
    settled(order)
    first, second = back(order, 1), back(order, 1)
    crediting.credit(taken_in=first, **WHEN)
    refusal = refusal_of(lambda: crediting.credit(taken_in=second, **WHEN))
    assert refusal.code == "return-under-way"
    settled(order, applied="waiting")
    assert refusal_of(lambda: crediting.credit(taken_in=second, **WHEN)) is not None
    settled(order)
    crediting.credit(taken_in=second, **WHEN)
    assert sum(order.invoices.filter(kind="Input").values_list("value_cents", flat=True)) == 3400


def test_a_refused_return_invoice_is_issued_again() -> None:
    order = an_order()
    packed(order, 1)
    settled(order)
    taken_in = back(order, 1)
    refused = crediting.credit(taken_in=taken_in, number="D-1", **WHEN)
    again = refusal_of(lambda: crediting.credit(taken_in=taken_in, number="D-2", **WHEN))
    assert again.code == "credited"
    told = refused.message
    assert told is not None
    OutboxMessage.objects.filter(pk=told.pk).update(status="rejected")
    assert crediting.next_step(order) == Step.MEND
    replaced = crediting.credit(taken_in=taken_in, number="D-2", **WHEN)
    refused.refresh_from_db()
    assert refused.voided_at == NOW
    told.refresh_from_db()
    assert told.status == "superseded"
    assert (replaced.number, replaced.value_cents) == ("D-2", refused.value_cents)
    order.refresh_from_db()
    assert order.status == Status.RETURNED


def test_a_return_entered_by_mistake_is_taken_back() -> None:
    order = an_order()
    packed(order, 1)
    taken_in = back(order, 1)
    assert on_hand() == 100
    returning.undo(taken_in=taken_in, **WHEN)
    assert on_hand() == 99
    assert returning.returnable(order) == {order.lines.get().pk: 1}
    assert refusal_of(lambda: returning.undo(taken_in=taken_in, **WHEN)).code == "undone"


def test_refuses_to_take_back_a_return_that_was_credited() -> None:
    order = an_order()
    packed(order, 1)
    settled(order)
    taken_in = back(order, 1)
    crediting.credit(taken_in=taken_in, **WHEN)
    assert refusal_of(lambda: returning.undo(taken_in=taken_in, **WHEN)).code == "credited"
    assert on_hand() == 100


def test_refuses_to_reopen_a_package_whose_goods_came_back() -> None:
    order = an_order()
    packed(order, 1)
    back(order, 1)
    package = Package.objects.get(order=order)
    refusal = refusal_of(lambda: packing.reopen(package=package, **WHEN))
    assert refusal.code == "goods-returned"
    assert on_hand() == 100


def test_a_free_gift_that_comes_back_alone_gives_back_a_cent() -> None:
    order = an_order(Line("1001", price=1000), Line("1002", price=0))
    packed(order, 1, 1)
    settled(order)
    assert crediting.credit(taken_in=back(order, 0, 1), **WHEN).value_cents == 1
    settled(order)
    assert crediting.credit(taken_in=back(order, 1, 0), **WHEN).value_cents == 999
