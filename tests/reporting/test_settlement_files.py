"""Amounts of settlement files: every cent of them, and nothing that could mean two things."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from reporting.payouts import files
from reporting.payouts.amounts import Style, cents_of, style_told
from reporting.payouts.layouts import Layout
from sellers.errors import DomainError


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


CENTS = st.integers(-(10**11), 10**11)
STYLES = st.sampled_from(Style)


def written(cents: int, style: str, *, grouped: bool = True, currency: str = "") -> str:
    """As somebody else's program writes it."""
    units, rest = divmod(abs(cents), 100)
    whole = f"{units:,}" if grouped else str(units)
    text = f"{whole}.{rest:02d}"
    if style == Style.COMMA:
        text = text.translate(str.maketrans(",.", ".,"))
    return f"{'-' if cents < 0 else ''}{currency}{text}"


@settings(max_examples=40, deadline=None)
@given(CENTS, STYLES, st.booleans(), st.sampled_from(["", "R$ ", "US$", "BRL "]))
def test_reads_back_every_cent(cents: int, style: Style, grouped: bool, currency: str):
    assert cents_of(written(cents, style, grouped=grouped, currency=currency), style) == cents


@given(CENTS)
def test_a_spreadsheet_s_numbers_are_their_cents(cents: int):
    assert cents_of(cents / 100, Style.COMMA) == cents
    assert cents_of(float(Decimal(cents) / 100), Style.POINT) == cents


@pytest.mark.parametrize(
    ("text", "style", "cents"),
    [
        ("1.234,56", Style.COMMA, 123456),
        ("1,234.56", Style.POINT, 123456),
        ("12,5", Style.COMMA, 1250),
        ("1.234", Style.COMMA, 123400),
        ("R$ 1.234,56", Style.COMMA, 123456),
        ("(10,00)", Style.COMMA, -1000),
        ("10.00-", Style.POINT, -1000),
        ("−10,00", Style.COMMA, -1000),
        ("-R$ 10,00", Style.COMMA, -1000),
        ("17", Style.POINT, 1700),
        (17, Style.POINT, 1700),
        ("", Style.POINT, None),
        (None, Style.COMMA, None),
    ],
)
def test_by_hand(text: object, style: Style, cents: int | None):
    assert cents_of(text, style) == cents


@pytest.mark.parametrize(
    ("text", "style"),
    [
        ("12.50", Style.COMMA),
        ("1.234", Style.POINT),
        ("12,50", Style.POINT),
        ("1,234,56", Style.COMMA),
        ("1.23.456,00", Style.COMMA),
        ("12,345", Style.COMMA),
        ("1e3", Style.POINT),
        ("--1", Style.POINT),
        ("ten", Style.POINT),
        (12.345, Style.POINT),
        (float("nan"), Style.POINT),
        (True, Style.POINT),
        (1e300, Style.COMMA),
    ],
)
def test_refuses_what_it_would_have_to_guess_or_round(text: object, style: Style):
    with pytest.raises(DomainError) as refused:
        cents_of(text, style)
    assert refused.value.code == "bad-amount"


@pytest.mark.parametrize(
    ("texts", "style"),
    [
        (["1.234,56", "10"], Style.COMMA),
        (["10.5", "1,234"], Style.POINT),
        (["1.234"], None),
        (["1,234", "7"], None),
        (["10,00", "10.00"], None),
        ([10.5, 3], None),
    ],
)
def test_tells_the_style_only_when_it_is_sure(texts: list[object], style: Style | None):
    assert style_told(texts) == style


ROWS = st.lists(st.tuples(CENTS, st.integers(0, 10**9)), min_size=1, max_size=12)


@settings(max_examples=40, deadline=None)
@given(ROWS, STYLES, st.booleans())
def test_what_is_read_adds_up_to_the_file(rows: list[tuple[int, int]], style: Style, gross: bool):
    table = io.StringIO()
    writer = csv.writer(table, delimiter=";")
    writer.writerow(["Pedido", "Valor", "Comissão"])
    for number, (cents, commission) in enumerate(rows):
        writer.writerow([f"13-{number}", written(cents, style), written(commission, style)])
    columns = {"order": "Pedido", "paid": "Valor", "commission": "Comissão"}
    layout = Layout(columns=columns, amounts=style, is_gross=gross)
    reading = files.read(io.BytesIO(table.getvalue().encode()), layout)
    withheld = sum(off if cents >= 0 else -off for cents, off in rows)
    assert reading.problems == []
    assert reading.cents == sum(cents for cents, _off in rows) - (withheld if gross else 0)
    assert sum(entry.commission or 0 for entry in reading.entries) == withheld


def _read(text: str, **told: object) -> files.Reading:
    layout = Layout(**told) if told else None  # type: ignore[arg-type]  # of a test's own making
    return files.read(io.BytesIO(text.encode()), layout)


def test_guesses_columns_and_style_below_titles_and_leaves_sums_out():
    reading = _read(
        "Extrato de repasses\n\nPedido;Valor líquido;Comissão;Obs\n"
        "13-01;1.234,56;-100,00;x\n;;;\n#13-02;(10,00);1,50;\nTotal;1.224,56;98,50;\n;5,00;;\n13-03;;;\n"
    )
    assert reading.layout.columns == {
        "order": "Pedido",
        "paid": "Valor líquido",
        "commission": "Comissão",
    }
    assert reading.layout.amounts == Style.COMMA
    assert [(one.line, one.named, one.paid, one.commission) for one in reading.entries] == [
        (4, "13-01", 123456, 10000),
        (6, "13-02", -1000, -150),
    ]
    assert (reading.left_out, reading.left_out_cents) == (2, 122956)
    assert reading.problems == ["Row 9, column “Valor líquido”: there is no amount."]


def test_questions_amounts_that_could_mean_two_things():
    reading = _read("order;amount\n13-01;1.234\n")
    assert reading.entries == []
    assert reading.problems == [
        "The amounts could mean two things: say how they are written, 1.234,56 or 1,234.56."
    ]
    columns = {"order": "order", "paid": "amount"}
    assert _read("order;amount\n13-01;1.234\n", columns=columns, amounts="comma").cents == 123400


def test_names_row_and_column_of_everything_that_is_wrong():
    reading = _read(f"pedido;valor\n13-01;10,00\n13-02;10.00\n13-03;\n{'9' * 61};1,00\n13-05;x\n")
    assert reading.problems == [
        "The amounts could mean two things: say how they are written, 1.234,56 or 1,234.56."
    ]
    columns = {"order": "pedido", "paid": "valor"}
    text = f"pedido;valor\n13-01;10,00\n13-02;10.00\n13-03;\n{'9' * 61};1,00\n13-05;x\n"
    assert _read(text, columns=columns, amounts="comma").problems == [
        "Row 3, column “valor”: “10.00” is not an amount written like that.",
        "Row 4, column “valor”: there is no amount.",
        f"Row 5, column “pedido”: “{'9' * 40}…” is no order id.",
        "Row 6, column “valor”: “x” is not an amount written like that.",
    ]


def test_asks_for_columns_it_can_not_guess():
    reading = _read("a;b\n1;2\n")
    assert (reading.names, reading.problems) == (
        ["a", "b"],
        ["Say which column is: order id, amount."],
    )


def test_reads_a_spreadsheet():
    book = Workbook()
    for row in (["Order", "Net amount"], ["13-01", 12.3], ["13-02", -0.1], [1302, 7]):
        book.worksheets[0].append(row)
    packed = io.BytesIO()
    book.save(packed)
    reading = files.read(packed, None)
    assert [(one.named, one.paid) for one in reading.entries] == [
        ("13-01", 1230),
        ("13-02", -10),
        ("1302", 700),
    ]


def test_refuses_an_empty_file_and_one_without_rows():
    with pytest.raises(DomainError):
        _read("\n\n")
    assert _read("pedido;valor\n").problems == ["There are no rows below the headings."]
