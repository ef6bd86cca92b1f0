"""A report as a file: cell by cell, by hash, after a stop, and for whom."""

from __future__ import annotations

import csv
import hashlib
import io
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from jobs.models import Job
from jobs.progress import LEASE
from jobs.running import run_due
from orders.models import Order
from reporting import exporting
from tests.builders import NOW, Line, a_seller, an_order
from tests.reporting.books import finish, packed

FILE = reverse("admin:report_file", args=["mapping"])


@pytest.fixture(autouse=True)
def _one_place(tmp_path: Path, settings: Any) -> Any:
    settings.MEDIA_ROOT = str(tmp_path)
    with translation.override("en"):
        yield


def _asked(client: Client, **asked: str) -> Job:
    answer = client.post(FILE, {"format": "csv"} | asked)
    assert answer.status_code == 302
    return Job.objects.latest("pk")


def work(*, later: timedelta = timedelta()) -> None:
    run_due(clock=lambda: timezone.now() + later, seconds=600)


def _made(client: Client, **asked: str) -> tuple[str, bytes]:
    """Name and content of the file, fetched as a browser does."""
    job = _asked(client, **asked)
    work()
    return fetched(client, job)


def fetched(client: Client, job: Job) -> tuple[str, bytes]:
    job.refresh_from_db()
    assert job.status == Job.Status.DONE, job.error
    answer = client.get(reverse("admin:jobs_job_result", args=[job.pk]))
    return job.result_name, b"".join(answer.streaming_content)  # type: ignore[attr-defined]


def table(content: bytes, delimiter: str = ",") -> tuple[list[dict[str, str]], dict[str, str]]:
    """Rows by title, and the notes below them."""
    head, *lines = csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=delimiter)
    end = lines.index([])
    rows = [dict(zip(head, line, strict=True)) for line in lines[:end]]
    return rows, dict(lines[end + 1 :])


def test_a_csv_says_what_the_orders_are_cell_by_cell(manager: Client):
    first = an_order(Line("mug", 4, price=17, discount=3, freight=101), Line("tea", price=500))
    packed(first, {0: 2}, {0: 2, 1: 1})
    first.packages.update(courier="Correios", tracking_number="AA123456785BR")
    an_order(Line("tea", price=123456))
    name, content = _made(manager)
    rows, notes = table(content)
    assert len(rows) == 2
    assert rows[1] == {
        "Marketplace order id": first.marketplace_order_id,
        "Our order id": first.seller_order_id,
        "Order group": "",
        "Account": "Acme",
        "Marketplace": "bigstore",
        "Seller id": "acme",
        "Status": "packed and invoiced",
        "Status, code": "invoiced",
        "Status at the marketplace": "",
        "Status at the marketplace, code": "",
        "Placed": "2026-03-02 08:00:00",
        "Authorised": "2026-03-02 09:00:00",
        "Hand over by": "2026-03-02 15:00:00",
        "Handling began": "2026-03-02 09:00:00",
        "Invoiced on": "2026-03-02 09:00:00",
        "Handed over": "",
        "Delivered": "",
        "Cancelled": "",
        "Units": "5",
        "Goods": "5.68",
        "Discounts": "0.03",
        "Services": "0.00",
        "Freight": "1.01",
        "Total": "6.66",
        "Marketplace pays": "6.66",
        "Commission": "",
        "Freight commission": "",
        "Invoice numbers": "1 | 2",
        "Invoice values": "0.83 | 5.83",
        "Access keys": "– | –",
        "Receipts": "– | –",
        "Invoices received": "0",
        "Invoices seen": "0",
        "Invoiced": "6.66",
        "Returned": "0.00",
        "Return invoices": "",
        "Difference": "0.00",
        "Cause": "",
        "Cause, code": "",
        "To mend": "0.00",
        "SLA": "",
        "Warehouses": "SP",
        "Packages": "2",
        "Carriers": "Correios",
        "Tracking": "AA123456785BR | AA123456785BR",
        "State": "SP",
        "Cancellation reason": "",
        "Currency": "BRL",
        "Time zone": "America/Sao_Paulo",
    }
    assert rows[0]["Marketplace pays"] == rows[0]["Difference"] == "1234.56"
    assert (rows[0]["Cause"], rows[0]["Cause, code"]) == ("not invoiced yet", "open")
    assert notes["Rows"] == "2"
    assert notes["Sum: Marketplace pays, BRL"] == "1241.22"
    assert notes["Sum: Invoiced, BRL"] == "6.66"
    assert notes["Filters"] == "none"
    assert name.endswith("-2.csv")


def test_the_hash_is_that_of_the_lines_between_titles_and_notes(manager: Client):
    an_order(), an_order()
    _name, content = _made(manager)
    lines = content.splitlines(keepends=True)
    end = lines.index(b"\n")
    _rows, notes = table(content)
    digest = hashlib.sha256(b"".join(lines[1:end])).hexdigest()
    assert notes["SHA-256 of the rows"] == digest


def test_unchanged_data_gives_the_same_hash_and_any_change_another(manager: Client):
    order, _other = an_order(), an_order()
    hashes = [table(_made(manager)[1])[1]["SHA-256 of the rows"] for _twice in range(2)]
    Order.objects.filter(pk=order.pk).update(cancel_reason="changed")
    changed = table(_made(manager)[1])[1]["SHA-256 of the rows"]
    assert hashes[0] == hashes[1] != changed


def test_an_xlsx_has_the_same_cells_as_numbers_dates_and_text(manager: Client):
    order = an_order(Line("tea", quantity=3, price=33333, freight=1))
    packed(order, {0: 3})
    an_order(Line("mug", price=1))
    name, content = _made(manager, format="xlsx")
    assert name.endswith("-2.xlsx")
    book = openpyxl.load_workbook(io.BytesIO(content))
    head, *lines = book.worksheets[0].iter_rows(values_only=True)
    plain, told = table(_made(manager)[1])
    assert len(lines) == len(plain) == 2
    for line, row in zip(lines, plain, strict=True):
        for title, cell in zip(head, line, strict=True):
            assert _as_text(cell, row[str(title)]) == row[str(title)], title
    cells = dict(zip(head, lines[1], strict=True))
    assert cells["Marketplace pays"] == 1000.0
    assert str(cells["Placed"]) == "2026-03-02 08:00:00"
    assert cells["Units"] == 3
    notes = _about(book)
    assert notes["Rows"] == 2
    assert notes["Sum: Marketplace pays, BRL"] == 1000.01
    assert notes["SHA-256 of the rows"] == told["SHA-256 of the rows"]


def _about(book: openpyxl.Workbook) -> dict[str, Any]:
    return {str(label): value for label, value in book.worksheets[1].iter_rows(values_only=True)}


def _as_text(cell: Any, like: str) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) or (isinstance(cell, int) and "." in like):
        return str(Decimal(str(cell)).quantize(Decimal("0.01")))
    return str(cell)


def test_money_beyond_what_a_float_can_add_stays_exact(manager: Client):
    an_order(Line("gold", price=99_999_999_999_99))
    an_order(Line("mug", price=1))
    _name, content = _made(manager, format="xlsx")
    book = openpyxl.load_workbook(io.BytesIO(content))
    head, *lines = book.worksheets[0].iter_rows(values_only=True)
    at = head.index("Marketplace pays")
    assert [repr(line[at]) for line in lines] == ["0.01", "99999999999.99"]
    notes = _about(book)
    assert notes["Sum: Marketplace pays, BRL"] == 100_000_000_000


def test_for_excel_in_portuguese_it_has_semicolons_and_decimal_commas(manager: Client):
    packed(an_order(Line(freight=1)), {0: 1})
    _name, content = _made(manager, format="csv-pt")
    assert content.startswith("\ufeff".encode())
    rows, notes = table(content, ";")
    assert rows[0]["Invoiced"] == rows[0]["Invoice values"] == "17,01"
    assert notes["Sum: Invoiced, BRL"] == "17,01"


def test_is_written_in_the_language_of_who_asked(db: None):
    from tests.builders import staff

    client = Client()
    client.force_login(staff("rui", role="Manager", language="pt-br"))
    an_order()
    rows, notes = table(_made(client, format="csv-pt", status="open")[1], ";")
    assert rows[0]["Situação"] == "pronto para separar"
    assert rows[0]["Situação, código"] == "authorized"
    assert notes["Filtros"] == "Situação: trabalho em aberto"


@pytest.mark.parametrize("evil", ["=cmd()", "+1", "-1+1", "@SUM(A1)", "\tx", "\r=x"])
def test_no_cell_is_a_formula(manager: Client, evil: str):
    order = an_order()
    Order.objects.filter(pk=order.pk).update(cancel_reason=evil, marketplace_status=evil)
    rows, _notes = table(_made(manager)[1])
    for title in (
        "Cancellation reason",
        "Status at the marketplace",
        "Status at the marketplace, code",
    ):
        assert rows[0][title] == f"'{evil}", title
    book = openpyxl.load_workbook(io.BytesIO(_made(manager, format="xlsx")[1]))
    assert not [
        cell for row in book.worksheets[0].iter_rows() for cell in row if cell.data_type == "f"
    ]


def test_quotes_separators_and_line_breaks_in_a_text_are_no_trouble(manager: Client):
    nasty = 'a "b", c; d\ne'
    order = an_order(cancel_reason=nasty)
    for format_, delimiter in (("csv", ","), ("csv-pt", ";")):
        rows, notes = table(_made(manager, format=format_)[1], delimiter)
        assert rows[0]["Cancellation reason"] == nasty
        assert notes["Rows"] == "1"
    book = openpyxl.load_workbook(io.BytesIO(_made(manager, format="xlsx")[1]))
    cells = [cell for row in book.worksheets[0].iter_rows(values_only=True) for cell in row]
    assert nasty in cells and order.marketplace_order_id in cells


def test_holds_exactly_what_is_filtered(manager: Client, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(exporting, "PIECE", 2)
    rival = a_seller("rival", currency="USD")
    ours = [an_order() for _i in range(5)]
    theirs = an_order(account=rival)
    rows, notes = table(_made(manager, account=str(ours[0].account_id))[1])
    ids = [order.marketplace_order_id for order in reversed(ours)]
    assert [row["Marketplace order id"] for row in rows] == ids
    assert notes["Filters"] == "Account: Acme"
    rows, notes = table(_made(manager)[1])
    assert rows[0]["Marketplace order id"] == theirs.marketplace_order_id
    assert notes["Sum: Marketplace pays, BRL"] == "85.00"
    assert notes["Sum: Marketplace pays, USD"] == "17.00"


def test_leaves_out_what_the_sorted_screen_leaves_out(manager: Client):
    shipped, _other = an_order(), an_order()
    Order.objects.filter(pk=shipped.pk).update(shipped_at=NOW)
    rows, notes = table(_made(manager, sort="-shipped_at")[1])
    assert [row["Marketplace order id"] for row in rows] == [shipped.marketplace_order_id]
    assert notes["Filters"] == "Handed over: is known"


def test_of_nothing_there_is_a_file_too(manager: Client):
    for format_ in ("csv", "xlsx"):
        name, content = _made(manager, format=format_, status="returned")
        assert "-0." in name and content


@pytest.mark.parametrize("format_", ["csv", "xlsx"])
def test_goes_on_after_a_kill_as_if_nothing_had_been(
    manager: Client, monkeypatch: pytest.MonkeyPatch, format_: str
):
    monkeypatch.setattr(exporting, "PIECE", 2)
    for number in range(7):
        an_order(Line(price=100 + number))
    whole = table(_made(manager)[1])
    job = _asked(manager, format=format_)
    _killed_in_its_third_piece(monkeypatch)
    job.refresh_from_db()
    assert (job.status, job.done_units) == (Job.Status.RUNNING, 4)
    an_order()  # came meanwhile: not part of what was asked
    work(later=LEASE * 2)
    _name, content = fetched(manager, job)
    if format_ == "csv":
        assert table(content)[0] == whole[0]
        assert _notes(table(content)[1]) == _notes(whole[1])
    else:
        book = openpyxl.load_workbook(io.BytesIO(content))
        assert len(list(book.worksheets[0].iter_rows())) == 8
        told = _about(book)
        assert told["SHA-256 of the rows"] == whole[1]["SHA-256 of the rows"]


def _killed_in_its_third_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it wrote of that piece stays behind in the file."""
    pieces, real = iter(range(10)), exporting.write_piece

    def dying(asking, fields, style, file, sums, **more):
        if next(pieces) == 2:
            file.write(b"half a li")
            raise SystemExit
        return real(asking, fields, style, file, sums, **more)

    with monkeypatch.context() as patch:
        patch.setattr(exporting, "write_piece", dying)
        with pytest.raises(SystemExit):
            work()


def _notes(notes: dict[str, str]) -> dict[str, str]:
    return {label: text for label, text in notes.items() if label != "Asked"}


def test_what_moved_meanwhile_is_neither_doubled_nor_lost(
    manager: Client, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(exporting, "PIECE", 2)
    orders = [an_order() for _i in range(6)]
    job = _asked(manager, sort="-placed_at")
    _killed_in_its_third_piece(monkeypatch)
    Order.objects.filter(pk=orders[0].pk).update(placed_at=NOW + timedelta(days=9))
    work(later=LEASE * 2)
    rows, _notes = table(fetched(manager, job)[1])
    assert sorted(row["Our order id"] for row in rows) == sorted(o.seller_order_id for o in orders)


def test_refuses_what_it_does_not_understand(manager: Client):
    assert manager.post(FILE, {"format": "exe"}).status_code == 400
    assert manager.post(FILE, {"format": "csv", "status": "lost"}).status_code == 302
    assert manager.get(FILE).status_code == 405
    assert Job.objects.count() == 0


def test_is_for_who_may_see_reports_and_money_alone(packer: Client, manager: Client):
    from tests.builders import staff

    finish(an_order())
    assert packer.post(FILE, {"format": "csv"}).status_code == 403
    assert Job.objects.count() == 0
    job = _asked(manager)
    work()
    result = reverse("admin:jobs_job_result", args=[job.pk])
    assert manager.get(result).status_code == 200
    other = Client()
    other.force_login(staff("olga", role="Manager"))
    assert packer.get(result).status_code in (403, 404)
    assert other.get(result).status_code in (403, 404)
