"""The total of an invoice issued elsewhere is compared, and mixed-up units are asked about."""

from __future__ import annotations

import pytest

from invoicing import amounts, packing
from invoicing.models import Invoice, Package
from orders.models import Order
from sellers.errors import DomainError
from sellers.models import OutboxMessage
from tests.builders import NOW, Line, an_order, staff

WORTH = 9508


def refused(said: object, ours: int = WORTH, *, shows_money: bool = True) -> DomainError:
    with pytest.raises(DomainError) as caught:
        amounts.require_equal(said, ours, currency="BRL", shows_money=shows_money)
    return caught.value


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("", None),
        ("19,90", 1990),
        ("19.90", 1990),
        ("20", 2000),
        ("1.234,56", 123456),
        ("1,234.56", 123456),
        ("1 234,56", 123456),
        ("1.234", 123400),
        ("1234567", 123456700),
    ],
)
def test_reads_an_amount_as_people_write_it(text: str, cents: int | None) -> None:
    assert amounts.typed(text) == cents


@pytest.mark.parametrize("text", ["0", "0,00", "-5", "19,9", "R$ 19", "1.23,45", "abc"])
def test_refuses_what_is_no_amount(text: str) -> None:
    with pytest.raises(DomainError) as caught:
        amounts.typed(text)
    assert caught.value.code == "bad-value"


@pytest.mark.parametrize("said", [0, -1, 95.08, "9508", True, [9508]])
def test_takes_whole_cents_above_zero_only(said: object) -> None:
    assert refused(said).code == "bad-value"


def test_says_nothing_when_it_is_equal_or_not_told() -> None:
    for said in (None, WORTH):
        amounts.require_equal(said, WORTH, currency="BRL", shows_money=True)


@pytest.mark.parametrize(("said", "ours"), [(95, WORTH), (96, WORTH), (950800, WORTH), (1, 100)])
def test_questions_a_value_that_looks_like_currency_units(said: int, ours: int) -> None:
    refusal = refused(said, ours)
    assert refusal.code == "value-differs"
    assert "were cents taken for whole units?" in refusal.message


@pytest.mark.parametrize("said", [9507, 94, 97, 950, 95080])
def test_names_any_other_difference_without_that_question(said: int) -> None:
    assert "whole units" not in refused(said).message


def test_tells_no_amount_to_those_who_see_none() -> None:
    words = refused(95, shows_money=False).message
    assert "whole units" in words and not any(digit in words for digit in "0123456789")


@pytest.fixture
def package(db: None) -> Package:
    order: Order = an_order(Line(price=1990))
    package = packing.open_package(order=order, now=NOW, actor=None)
    packing.put(package=package, line=order.lines.get(), quantity=1, now=NOW, actor=None)
    return package


@pytest.mark.django_db
def test_closes_no_package_on_another_total(package: Package) -> None:
    with pytest.raises(DomainError) as caught:
        packing.close(package=package, number="77", value_cents=19, now=NOW, actor=staff())
    assert caught.value.code == "value-differs"
    assert not Invoice.objects.exists()
    assert not OutboxMessage.objects.filter(kind="invoice").exists()
    invoice = packing.close(package=package, number="77", value_cents=1990, now=NOW, actor=None)
    assert invoice.value_cents == 1990
