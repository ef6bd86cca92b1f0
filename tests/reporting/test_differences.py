"""What an order's figures are, worked by hand; and that what is kept never drifts from them."""

from __future__ import annotations

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from invoicing import crediting, packing, returning
from invoicing.models import Invoice, InvoiceLine
from invoicing.returning import Arrived
from orders import gaps
from orders.models import Order, OrderLine
from orders.states import Status
from reporting import keeping
from reporting.figures import SELF_EXPLAINED, Cause
from reporting.models import Difference
from tests.builders import NOW, Line, a_seller, an_order
from tests.reporting.books import an_invoice, derived, figures_of, finish, packed

pytestmark = pytest.mark.django_db

#: Four at 17 less 3, freight 101, and one at 500: 166 + 500 = 666.
MUGS, TEA = Line("mug", 4, price=17, discount=3, freight=101), Line("tea", price=500)


def _told(order: Order) -> tuple[int, str, int]:
    row = figures_of(order)
    return row["difference"], row["cause"], row["unexplained"]


def _kept() -> set[tuple[int, int, str]]:
    return set(Difference.objects.values_list("order", "cents", "cause"))


def test_an_order_packed_in_two_packages_has_no_difference():
    order = an_order(MUGS, TEA)
    assert _told(order) == (666, Cause.OPEN, 0)
    packed(order, {0: 2})
    # Half of the four: 34 − 2 (of 3, the remainder first) + 51 (of 101).
    assert figures_of(order)["invoiced"] == 83
    assert _told(order) == (583, Cause.OPEN, 0)
    packed(order, {0: 2, 1: 1})
    row = figures_of(order)
    assert (row["goods"], row["discounts"], row["services"], row["freight"]) == (568, 3, 0, 101)
    assert (row["total"], row["pays"], row["invoiced"], row["returned"]) == (666, 666, 666, 0)
    assert _told(order) == (0, Cause.NONE, 0)
    assert _kept() == set()


def test_a_return_explains_its_own_difference():
    order = an_order(MUGS, TEA)
    packed(order, {0: 4, 1: 1})
    line = order.lines.get(index=1)
    returning.receive(
        order=order,
        arrived=[Arrived(line=line, quantity=1, warehouse=None, scrap_reason="broken")],
        key="one",
        now=NOW,
        actor=None,
    )
    crediting.credit(taken_in=order.returns.get(), now=NOW, actor=None)
    assert figures_of(order)["returned"] == 500
    assert _told(order) == (500, Cause.RETURNED, 0)
    assert _kept() == set()


@pytest.mark.parametrize(
    ("cents", "units", "cause", "to_mend"),
    [
        (166, 4, Cause.NONE, 0),
        (65, 4, Cause.FREIGHT, 101),
        (169, 4, Cause.DISCOUNT, -3),
        (125, 3, Cause.QUANTITY, 41),
        (165, 4, Cause.ROUNDING, 1),
        (167, 4, Cause.ROUNDING, -1),
        (150, 4, Cause.PRICE, 16),
    ],
)
def test_names_the_cause_of_a_difference(cents: int, units: int, cause: Cause, to_mend: int):
    order = finish(an_order(MUGS))
    an_invoice(order, cents, units=units)
    assert _told(order) == (166 - cents, cause, to_mend)
    assert _kept() == ({(order.pk, to_mend, cause)} if to_mend else set())


def test_rows_that_do_not_add_up_are_told_before_anything_is_packed():
    order = an_order(MUGS, pays=160)
    gap = gaps.gap_of(160, order.lines.all())
    assert gap is not None
    assert _told(order) == (160, Cause.ROWS, gap.cents) == (160, Cause.ROWS, -6)
    assert _kept() == {(order.pk, -6, Cause.ROWS)}


@pytest.mark.parametrize("status", [Status.RESERVED, Status.EXPIRED, Status.CANCELLED])
def test_nothing_is_paid_for_an_order_that_is_not(status: Status):
    order = finish(an_order(MUGS), status)
    assert _told(order) == (0, Cause.NONE, 0)
    an_invoice(order, 166)
    assert _told(order) == (-166, Cause.CANCELLED, -166)
    an_invoice(order, 166, kind=Invoice.Kind.INPUT)
    assert _told(order) == (0, Cause.NONE, 0)
    assert _kept() == set()


def test_an_account_whose_invoices_leave_the_freight_out_is_told_so():
    order = an_order(MUGS, account=a_seller(invoices_carry_freight=False))
    packed(order, {0: 4})
    assert order.status == Status.INVOICED
    assert _told(order) == (101, Cause.FREIGHT, 101)


def test_a_package_opened_again_takes_its_invoice_out_of_the_figures():
    order = an_order(MUGS)
    (package,) = packed(order, {0: 4})
    packing.reopen(package=package, now=NOW, actor=None)
    assert figures_of(order)["invoiced"] == 0
    assert _told(order) == (166, Cause.OPEN, 0)


def test_what_is_kept_follows_every_change_of_what_it_depends_on():
    order = finish(an_order(MUGS))
    assert _kept() == derived() == {(order.pk, 166, Cause.QUANTITY)}
    invoice = an_invoice(order, 165)
    assert _kept() == derived() == {(order.pk, 1, Cause.ROUNDING)}
    Order.objects.filter(pk=order.pk).update(payment_value_cents=165, items_cents=67)
    assert _kept() == derived() == set()
    InvoiceLine.objects.update(quantity=3)
    OrderLine.objects.update(quantity=5)
    Invoice.objects.filter(pk=invoice.pk).update(value_cents=100)
    assert _kept() == derived() == {(order.pk, 65, Cause.QUANTITY)}
    Invoice.objects.filter(pk=invoice.pk).update(voided_at=timezone.now())
    assert _kept() == derived() == {(order.pk, 165, Cause.QUANTITY)}
    finish(order, Status.HANDLING)
    assert _kept() == derived() == set()


def test_what_is_kept_goes_with_its_order():
    order = finish(an_order(MUGS, pays=1))
    assert Difference.objects.count() == 1
    order.delete()
    connection.check_constraints()
    assert Difference.objects.count() == 0


def test_the_definition_in_the_database_is_the_one_in_the_code():
    """A changed definition needs a migration that runs keeping.install again."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_functiondef('reporting_settle'::regproc)")
        (installed,) = cursor.fetchone()
    body = installed.split("AS $function$", 1)[1].rsplit("$function$", 1)[0]
    assert f"AS $${body}$$" in keeping.FUNCTIONS


class Drift(TestCase):
    """Hypothesis and the database: one transaction for each example."""

    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        pays=st.integers(-5, 5),
        status=st.sampled_from(Status.values),
        sold=st.lists(st.tuples(st.integers(1, 200), st.integers(1, 4), st.booleans()), max_size=3),
        back=st.lists(st.integers(1, 200), max_size=2),
        units=st.integers(1, 5),
        late=st.sampled_from(Status.values),
    )
    def test_difference_is_value_less_invoices_plus_returns(
        self, pays, status, sold, back, units, late
    ):
        order = an_order(MUGS, pays=166 + pays)
        finish(order, status)
        for cents, quantity, is_void in sold:
            voided_at = NOW if is_void else None
            an_invoice(order, cents, units=quantity, voided_at=voided_at)
        for cents in back:
            an_invoice(order, cents, kind=Invoice.Kind.INPUT)
        order.lines.update(quantity=units)
        finish(order, late)
        unpaid = late in (Status.RESERVED, Status.EXPIRED, Status.CANCELLED)
        due = 0 if unpaid else 166 + pays
        invoiced = sum(cents for cents, _units, is_void in sold if not is_void)
        row = figures_of(order)
        assert row["difference"] == due - invoiced + sum(back)
        assert (row["unexplained"] == 0) == (row["cause"] in SELF_EXPLAINED)
        assert _kept() == derived()
