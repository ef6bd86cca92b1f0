"""Two invoices of one order are voided at once: what is kept of its difference knows of both."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from invoicing.models import Invoice
from reporting import keeping
from reporting.models import Difference
from tests.builders import NOW, Line, an_order
from tests.concurrency.racing import together
from tests.reporting.books import an_invoice, derived, finish

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def _nobody_waits(transactional_db: None) -> Iterator[None]:
    """The database's function without its lock."""
    without = re.sub(r"PERFORM FROM orders_order .*;", "", keeping.FUNCTIONS)
    assert without != keeping.FUNCTIONS
    with connection.cursor() as cursor:
        cursor.execute(without)
        yield
        cursor.execute(keeping.FUNCTIONS)


def voided_at_once(*, patience: float) -> list[Any]:
    """An order invoiced in two halves loses both at the same moment."""
    order = finish(an_order(Line("mug", 4, price=17)))
    halves = [an_invoice(order, 34, units=2, number=number) for number in ("A", "B")]
    assert not Difference.objects.exists()
    meeting = Barrier(2)

    def void(invoice: Invoice) -> None:
        with transaction.atomic():
            Invoice.objects.filter(pk=invoice.pk).update(voided_at=NOW)
            with suppress(BrokenBarrierError):  # the other waits for this one's end
                meeting.wait(timeout=patience)

    return together([partial(void, invoice) for invoice in halves])


def test_two_changes_of_an_orders_invoices_settle_one_after_the_other() -> None:
    assert voided_at_once(patience=0.5) == [None, None]
    kept = set(Difference.objects.values_list("order", "cents", "cause"))
    assert kept == derived()
    assert [cents for _order, cents, _cause in kept] == [68]


@pytest.mark.usefixtures("_nobody_waits")
def test_control_without_the_lock_one_change_of_the_invoices_fails() -> None:
    assert IntegrityError in {type(result) for result in voided_at_once(patience=5)}
