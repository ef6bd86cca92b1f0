"""Tables as people send them: any delimiter, any of two encodings, CSV or XLSX."""

from __future__ import annotations

import io
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from openpyxl import Workbook

from sellers import tables
from sellers.errors import DomainError

ZONE = ZoneInfo("America/Sao_Paulo")


def _read(content: bytes) -> list[list[Any]]:
    return [row.values for row in tables.rows(io.BytesIO(content))]


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_finds_the_delimiter(delimiter: str):
    lines = [["pedido", "valor", "data"], ["13-01", "10.50", "02/03/2026"]]
    text = "\r\n".join(delimiter.join(line) for line in lines)
    assert _read(text.encode()) == lines


def test_commas_of_amounts_are_no_delimiters():
    assert _read(b"pedido;valor\n13-01;1.234,56\n") == [["pedido", "valor"], ["13-01", "1.234,56"]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_reads_what_excel_and_others_write(encoding: str):
    text = "pedido;comissão;situação\n13-01;1,00;ação\n"
    assert _read(text.encode(encoding))[0] == ["pedido", "comissão", "situação"]


def test_rows_of_both_formats_carry_the_spreadsheet_s_numbers():
    book = Workbook()
    sheet = book.worksheets[0]
    for row in (["pedido", "valor"], [], ["13-01", 12.5]):
        sheet.append(row)
    packed = io.BytesIO()
    book.save(packed)
    for content in (packed.getvalue(), b"pedido;valor\n\n13-01;12,5\n"):
        rows = [row for row in tables.rows(io.BytesIO(content)) if not row.is_empty]
        assert [row.line for row in rows] == [1, 3]


@pytest.mark.parametrize("content", [b"PK\x03\x04 and no more", b"\x00\x01\x02"])
def test_says_what_is_no_table(content: bytes):
    with pytest.raises(DomainError) as refused:
        _read(content)
    assert refused.value.code == "bad-file"


def test_a_day_is_day_before_month_unless_told_otherwise():
    def said(text: str, *, month_first: bool = False) -> tuple[datetime, bool] | None:
        return tables.moment(text, ZONE, month_first=month_first)

    second_of_march = (datetime(2026, 3, 2, tzinfo=ZONE), False)
    assert said("02/03/2026") == second_of_march
    assert said("03/02/2026", month_first=True) == second_of_march
    assert said("2026-03-02", month_first=True) == second_of_march
    with pytest.raises(DomainError):
        said("31/02/2026")
