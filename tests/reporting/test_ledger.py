"""The cent ledger: every amount of an order, and the row where the difference arises."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from invoicing import crediting, returning
from invoicing.models import Invoice
from invoicing.returning import Arrived
from orders.models import Order
from orders.states import Status
from reporting.figures import Cause
from reporting.ledger import ledger_of
from tests.builders import NOW, Line, a_seller, an_order
from tests.reporting.books import an_invoice, finish, packed

pytestmark = pytest.mark.django_db

MUGS = Line("mug", 4, price=17, discount=3)


def _page(client: Client, order: Order) -> str:
    response = client.get(reverse("admin:cent_ledger", args=[order.pk]))
    assert response.status_code == 200
    return str(response.content.decode())


def _sources(client: Client, order: Order) -> list[tuple[str, str]]:
    """Name and total of the rows where the difference arises."""
    response = client.get(reverse("admin:cent_ledger", args=[order.pk]))
    rows = [row for section in response.context["sections"] for row in section.rows]
    return [(row.name, row.amounts[-1]) for row in rows if row.is_source]


def test_four_at_17_less_3_in_two_packages_make_65(manager: Client):
    order = an_order(MUGS)
    packed(order, {0: 2}, {0: 2})
    ledger = ledger_of(order)
    (line,) = ledger.lines
    assert (line.units, line.goods, line.discount, line.total) == (4, 68, -3, 65)
    assert ledger.pays == ledger.due == ledger.invoiced == 65
    shares = [[(e.units, e.goods, e.discount, e.total) for e in p.entries] for p in ledger.papers]
    # Of a discount of 3 the first half takes 2, by largest remainder.
    assert shares == [[(2, 34, -2, 32)], [(2, 34, -1, 33)]]
    assert [(p.invoice.value_cents, p.adjustment, p.off) for p in ledger.papers] == [
        (32, 0, 0),
        (33, 0, 0),
    ]
    assert (ledger.difference, ledger.cause, ledger.not_invoiced) == (0, Cause.NONE, ())
    assert _sources(manager, order) == []
    page = _page(manager, order)
    assert "It adds up to the cent." in page
    assert "4 × R$ 0,17" in page and "0,65 − 0,65 = 0,00" in page


def test_shows_what_is_not_invoiced_yet(manager: Client):
    order = an_order(MUGS, Line("tea", price=500))
    packed(order, {0: 3})
    ledger = ledger_of(order)
    left = [(e.name, e.units, e.of, e.total) for e in ledger.not_invoiced]
    assert left == [("Item mug", 1, 4, 16), ("Item tea", 1, 1, 500)]
    assert ledger.difference == 516
    assert _sources(manager, order) == [("Item mug", "0,16"), ("Item tea", "5,00")]


def test_marks_the_invoice_that_is_a_cent_short_with_what_would_be_right(manager: Client):
    order = finish(an_order(MUGS))
    an_invoice(order, 32, units=2)
    an_invoice(order, 32, units=2)
    assert _sources(manager, order) == [("Invoice X2", "0,32")]
    assert "R$ 0,33 would be right: it is R$ 0,01 too little." in _page(manager, order)


def test_an_invoice_that_makes_up_for_an_earlier_one_is_no_source(manager: Client):
    order = finish(an_order(MUGS))
    an_invoice(order, 31, units=2)
    an_invoice(order, 34, units=2)
    ledger = ledger_of(order)
    assert [(paper.adjustment, paper.off) for paper in ledger.papers] == [(0, -1), (1, 0)]
    assert (ledger.difference, _sources(manager, order)) == (0, [])


def test_marks_the_freight_that_no_invoice_carries(manager: Client):
    order = an_order(
        Line("mug", freight=990), Line("tea"), account=a_seller(invoices_carry_freight=False)
    )
    packed(order, {0: 1, 1: 1})
    assert ledger_of(order).cause == Cause.FREIGHT
    assert [name for name, _total in _sources(manager, order)] == ["Item mug"]


def test_marks_a_row_that_alone_explains_why_the_rows_do_not_add_up(manager: Client):
    order = an_order(Line("mug", 4, price=17, discount=3), Line("tea", price=500), pays=568)
    ledger = ledger_of(order)
    assert ledger.gap is not None and ledger.gap.cents == 3
    assert _sources(manager, order) == [("Item mug", "0,65"), ("The marketplace pays", "5,68")]
    assert "That is exactly the discount of Item mug: R$ 0,03." in _page(manager, order)


def test_a_return_explains_itself(manager: Client):
    order = an_order(MUGS)
    packed(order, {0: 4})
    arrived = Arrived(line=order.lines.get(), quantity=4, scrap_reason="broken")
    taken_in = returning.receive(order=order, arrived=[arrived], key="k", now=NOW, actor=None)
    invoice = crediting.credit(taken_in=taken_in, now=NOW, actor=None)
    assert (ledger_of(order).returned, ledger_of(order).difference) == (65, 65)
    assert _sources(manager, order) == [(f"Return invoice {invoice.number}", "0,65")]


def test_a_cancelled_order_that_is_invoiced_is_told(manager: Client):
    order = an_order(MUGS)
    (package,) = packed(order, {0: 4})
    finish(order, Status.CANCELLED)
    ledger = ledger_of(order)
    assert (ledger.pays, ledger.due, ledger.difference) == (65, 0, -65)
    number = package.invoices.get().number
    assert _sources(manager, order) == [(f"Invoice {number}, package 1", "0,65")]
    assert "Nothing is paid for an order" in _page(manager, order)


def test_what_changes_add_beside_the_lines_has_a_row_of_its_own(manager: Client):
    order = an_order(MUGS)
    Order.objects.filter(pk=order.pk).update(discounts_cents=8, payment_value_cents=60)
    order.refresh_from_db()
    ledger = ledger_of(order)
    assert (ledger.beside, ledger.rows, ledger.gap) == (-5, 60, None)
    assert "Beside the lines, by changes of the order" in _page(manager, order)


def test_weighted_goods_show_their_multiplier(manager: Client):
    order = an_order(Line("cheese", 3, price=199))
    order.lines.update(unit_multiplier=Decimal("0.3"), items_cents=179)
    Order.objects.filter(pk=order.pk).update(items_cents=179, payment_value_cents=179)
    assert "3 × 0.3 × R$ 1,99" in _page(manager, order)


def test_a_voided_invoice_is_not_in_it(manager: Client):
    order = finish(an_order(MUGS))
    an_invoice(order, 65, voided_at=NOW)
    assert ledger_of(order).papers == ()
    assert Invoice.objects.count() == 1


def test_costs_the_same_for_a_large_order(manager: Client):
    small = an_order(MUGS)
    packed(small, {0: 1})
    large = an_order(*(Line(str(1001 + i), 2) for i in range(8)))
    packed(large, *({i: 1} for i in range(8)), dict.fromkeys(range(8), 1))
    counts = []
    for order in (small, small, large):
        with CaptureQueriesContext(connection) as queries:
            _page(manager, order)
        counts.append(len(queries))
    assert counts[1] == counts[2]


def test_is_for_who_may_see_reports_and_money(packer: Client, manager: Client):
    order = an_order(MUGS)
    assert packer.get(reverse("admin:cent_ledger", args=[order.pk])).status_code == 403
    assert manager.get(reverse("admin:cent_ledger", args=[order.pk + 1])).status_code == 404
