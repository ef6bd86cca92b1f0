"""A settlement file: looked through, entered once agreed to, matched with what was expected."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from invoicing.models import Invoice
from jobs.models import Job
from jobs.running import run_due
from orders.models import Order
from orders.states import Status
from reporting.models import SettlementFile, SettlementLayout, SettlementRow
from tests.builders import Line, a_seller, an_order
from tests.jobs.conftest import Clock
from tests.reporting.books import an_invoice

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _media(tmp_path, settings):
    settings.MEDIA_ROOT = str(tmp_path)


def delivered(price: int = 1700, **facts: Any) -> Order:
    order = an_order(Line(price=price), status=Status.DELIVERED, **facts)
    an_invoice(order, price)
    Order.objects.filter(pk=order.pk).update(delivered_at=timezone.now() - timedelta(hours=1))
    return order


def give(client: Client, content: str | bytes, name: str = "repasse.csv", **fields: Any) -> Any:
    data = content.encode() if isinstance(content, str) else content
    fields = {"account": a_seller().pk, "file": SimpleUploadedFile(name, data)} | fields
    return client.post(reverse("admin:settlement_upload"), fields)


def run() -> Job:
    run_due(clock=Clock(timezone.now()), seconds=600)
    return Job.objects.latest("id")


def page(client: Client, job: Job) -> str:
    assert job.status == Job.Status.DONE, job.error
    return reverse("admin:settlement_preview", args=[job.pk])


def previewed(client: Client, content: str | bytes, **fields: Any) -> Any:
    """The preview's context."""
    response = give(client, content, **fields)
    assert response.status_code == 302, response.content.decode()
    return client.get(page(client, run())).context


def entered(client: Client, content: str | bytes, **fields: Any) -> SettlementFile:
    context = previewed(client, content, **fields)
    assert client.post(page(client, context["job"])).status_code == 302
    job = run()
    assert job.status == Job.Status.DONE, job.error
    return SettlementFile.objects.get(job=job)


def lines(*rows: tuple[Order | str, str]) -> str:
    told = [
        f"{order if isinstance(order, str) else order.marketplace_order_id};{amount}"
        for order, amount in rows
    ]
    return "\n".join(["Pedido;Valor líquido", *told, ""])


def results(client: Client, query: str = "") -> dict[str, tuple[str, str]]:
    """Order id in the file -> result and difference, as the report of rows shows them."""
    response = client.get(f"{reverse('admin:report', args=['settlement'])}?{query}")
    assert response.status_code == 200
    return {row[0][0].text: (row[-2][0].text, row[-3][0].text) for row in response.context["rows"]}


def of_orders(client: Client, query: str) -> list[str]:
    response = client.get(f"{reverse('admin:report', args=['payouts'])}?{query}")
    assert response.status_code == 200
    return [row[0][0].text for row in response.context["rows"]]


def test_a_chosen_file_is_told_beside_its_field(manager: Client):
    """The admin's script writes the file's name into the text beside it, and fails without one."""
    form = manager.get(reverse("admin:settlement_upload")).content.decode()
    text, file = form.index('type="text" aria-label="Choose file'), form.index('type="file"')
    assert text < file < form.index("Look it through")
    assert 'accept=".csv,.txt,.xlsx"' in form


def test_shows_what_matches_before_anything_is_entered(manager: Client):
    even, short = delivered(), delivered(1000)
    context = previewed(manager, lines((even, "17,00"), (short, "9,99"), ("13-nobody", "5,00")))
    assert context["sum"] == "R$ 31,99"
    assert [(one["title"], one["rows"], one["cents"]) for one in context["results"]] == [
        ("paid as expected", 1, "R$ 17,00"),
        ("differs", 1, "R$ 9,99"),
        ("unknown order", 1, "R$ 5,00"),
    ]
    assert [(row["line"], row["difference"]) for row in context["sample"]] == [
        (3, "-R$ 0,01"),
        (4, "–"),
        (2, "R$ 0,00"),
    ]
    assert not SettlementFile.objects.exists()
    assert not SettlementRow.objects.exists()
    assert not SettlementLayout.objects.exists()


def test_many_rows_of_one_order_cost_what_many_orders_cost(manager: Client):
    """What belongs to the order is worked out once for it, not once for each of its rows."""
    many, order = 200, delivered()
    account = a_seller()
    file = SettlementFile.objects.create(
        account=account,
        name="x",
        sha256="0",
        rows_count=many,
        paid_cents=0,
        entered_at=timezone.now(),
    )
    SettlementRow.objects.bulk_create(
        SettlementRow(
            file=file, line=line, named="x", order=order, paid_cents=-1, commission_cents=0
        )
        for line in range(many)
    )
    with CaptureQueriesContext(connection) as queries:
        page = manager.get(reverse("admin:settlement_file", args=[file.pk])).content.decode()
        manager.get(reverse("admin:report", args=["settlement"]))
    assert "differs" in page
    asked = [one["sql"] for one in queries if "reporting_settlementrow r" in one["sql"]]
    assert len(asked) >= 3
    assert max(busiest(sql) for sql in asked) <= 3 * many


def busiest(sql: str) -> int:
    """The most rows that any step of a statement's plan hands on, whatever the plan is."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING off, FORMAT json) {sql}")
        (told,) = cursor.fetchone()
    plans, most = [(json.loads(told) if isinstance(told, str) else told)[0]["Plan"]], 0
    while plans:
        plan = plans.pop()
        most = max(most, int(plan["Actual Rows"] * plan["Actual Loops"]))
        plans += plan.get("Plans", [])
    return most


def test_enters_it_whole_and_says_how_each_order_came_out(manager: Client):
    even, short, twice, unpaid = (delivered() for _each in range(4))
    refunded = delivered(3000)
    an_invoice(refunded, 1000, units=1, kind=Invoice.Kind.INPUT)
    cancelled = an_order(status=Status.CANCELLED)
    file = entered(
        manager,
        lines(
            (even, "17,00"),
            (short, "16,00"),
            (twice, "17,00"),
            (twice, "17,00"),
            (refunded, "30,00"),
            (refunded, "-10,00"),
            (cancelled, "17,00"),
            ("13-nobody", "5,00"),
        ),
    )
    assert (file.rows_count, file.paid_cents) == (8, 10900)
    assert file.entered_by is not None
    found = results(manager)
    assert found == {
        even.marketplace_order_id: ("paid as expected", "R$ 0,00"),
        short.marketplace_order_id: ("differs", "-R$ 1,00"),
        twice.marketplace_order_id: ("paid twice", "R$ 17,00"),
        refunded.marketplace_order_id: ("paid as expected", "R$ 0,00"),
        cancelled.marketplace_order_id: ("differs", "R$ 17,00"),
        "13-nobody": ("unknown order", "–"),
    }
    assert of_orders(manager, "result=unpaid&blocker=unsent") == [unpaid.marketplace_order_id]
    assert of_orders(manager, "result=twice") == [twice.marketplace_order_id]
    assert of_orders(manager, "result=differs") == [
        cancelled.marketplace_order_id,
        short.marketplace_order_id,
    ]
    assert even.marketplace_order_id not in of_orders(manager, "blocker=blocked")


def test_filters_rows_by_file_and_result_and_its_page_leads_there(manager: Client):
    even, short = delivered(), delivered()
    first = entered(manager, lines((even, "17,00")))
    second = entered(manager, lines((short, "1,00"), ("13-nobody", "2,00")))
    assert set(results(manager, f"file={first.pk}")) == {even.marketplace_order_id}
    context = manager.get(reverse("admin:settlement_file", args=[second.pk])).context
    assert [(one["title"], one["rows"]) for one in context["results"]] == [
        ("differs", 1),
        ("unknown order", 1),
    ]
    for one in context["results"]:
        query = one["link"].partition("?")[2]
        assert len(results(manager, query)) == one["rows"]
    assert results(manager, "result=even") == {
        even.marketplace_order_id: ("paid as expected", "R$ 0,00")
    }
    assert set(results(manager, "q=13-no")) == {"13-nobody"}


def test_every_row_leads_to_its_order_and_to_what_mends_it(manager: Client):
    order = delivered()
    entered(manager, lines((order, "1,00"), ("13-nobody", "2,00")))
    unknown, known = manager.get(reverse("admin:report", args=["settlement"])).context["rows"]
    assert manager.get(known[0][0].link).headers["Location"] == reverse(
        "admin:orders_order_change", args=[order.pk]
    )
    assert manager.get(known[-1][0].link).headers["Location"] == reverse(
        "admin:cent_ledger", args=[order.pk]
    )
    assert manager.get(unknown[-1][0].link).headers["Location"].endswith("?q=13-nobody")


def test_finds_orders_by_our_id_and_by_a_group_of_one(manager: Client):
    by_ours = delivered()
    by_group = delivered(marketplace_order_group="13777")
    for _each in range(2):
        delivered(marketplace_order_group="13888")
    entered(manager, lines((by_ours.seller_order_id, "17,00"), ("13777", "17"), ("13888", "17")))
    orders = dict(SettlementRow.objects.values_list("named", "order"))
    assert orders == {by_ours.seller_order_id: by_ours.pk, "13777": by_group.pk, "13888": None}


def test_knows_the_orders_of_its_own_account_alone(manager: Client):
    theirs = delivered(account=a_seller("rival"))
    entered(manager, lines((theirs, "17,00")))
    assert SettlementRow.objects.get().order is None
    assert of_orders(manager, "result=even") == []


def test_the_same_content_counts_once(manager: Client):
    text = lines((delivered(), "17,00"))
    entered(manager, text)
    context = previewed(manager, text, name="again.csv")
    (problem,) = context["found"]["problems"]
    assert "entered already" in problem and "repasse.csv" in problem
    manager.post(page(manager, context["job"]))
    assert SettlementRow.objects.count() == 1


def test_two_who_look_at_one_file_enter_it_once(manager: Client):
    text = lines((delivered(), "17,00"))
    first, second = previewed(manager, text), previewed(manager, text)
    for context in (first, second):
        manager.post(page(manager, context["job"]))
        job = run()
    assert job.status == Job.Status.FAILED and "entered already" in job.error
    assert SettlementRow.objects.count() == 1


def test_a_wrong_row_keeps_the_whole_file_out(manager: Client):
    columns = {"order": "Pedido", "paid": "Valor líquido", "amounts": "comma"}
    context = previewed(manager, lines((delivered(), "17,00"), ("13-02", "12.50")))
    assert "two things" in context["found"]["problems"][0]
    manager.post(page(manager, context["job"]), columns | {"action": "columns"})
    job = run()
    context = manager.get(page(manager, job)).context
    assert context["found"]["problems"] == [
        "Row 3, column “Valor líquido”: “12.50” is not an amount written like that."
    ]
    manager.post(page(manager, job))
    assert Job.objects.latest("id") == job
    assert not SettlementRow.objects.exists()


def test_columns_are_told_once_for_an_account(manager: Client):
    order = delivered()
    order.lines.update(commission=10)
    table = f"Ref;Bruto da venda;Taxa\n{order.marketplace_order_id};17.00;1.70\n"
    context = previewed(manager, table)
    assert context["found"]["problems"] == ["Say which column is: order id, amount."]
    said = {"order": "Ref", "paid": "Bruto da venda", "commission": "Taxa", "is_gross": "on"}
    answer = manager.post(
        page(manager, context["job"]), said | {"amounts": "point", "action": "columns"}
    )
    assert answer.status_code == 302
    assert manager.get(page(manager, run())).context["sum"] == "R$ 15,30"
    again = entered(manager, table.replace("17.00", "17.0"))
    assert again.paid_cents == 1530
    assert results(manager) == {order.marketplace_order_id: ("paid as expected", "R$ 0,00")}


def test_one_column_can_not_say_two_things(manager: Client):
    context = previewed(manager, "a;b\n1;2\n")
    said = {"order": "a", "paid": "a", "amounts": "point", "action": "columns"}
    answer = manager.post(page(manager, context["job"]), said)
    assert answer.status_code == 200 and "can&#x27;t say two things" in answer.content.decode()
    assert not SettlementLayout.objects.exists()


@pytest.mark.parametrize("content", [b"", b"\x00\x01", b"PK\x03\x04broken"])
def test_refuses_what_is_no_table_at_once(manager: Client, content: bytes):
    response = give(manager, content)
    assert response.status_code == 200 and response.context["form"].errors["file"]
    assert not Job.objects.exists()


def test_a_file_taken_back_counts_no_more_and_may_come_again(manager: Client):
    order = delivered()
    text = lines((order, "17,00"))
    file = entered(manager, text)
    for _twice in range(2):
        manager.post(reverse("admin:settlement_take_back", args=[file.pk]))
    assert of_orders(manager, "result=unpaid") == [order.marketplace_order_id]
    assert (
        "was taken back"
        in manager.get(reverse("admin:settlement_file", args=[file.pk])).content.decode()
    )
    entered(manager, text)
    assert of_orders(manager, "result=even") == [order.marketplace_order_id]


def test_what_comes_back_later_shows_as_paid_too_much(manager: Client):
    order = delivered()
    entered(manager, lines((order, "17,00")))
    an_invoice(order, 700, kind=Invoice.Kind.INPUT)
    assert results(manager) == {order.marketplace_order_id: ("differs", "R$ 7,00")}


def test_is_for_managers_alone(packer: Client, manager: Client, administrator: Client):
    file = entered(manager, lines((delivered(), "17,00")))
    job = Job.objects.earliest("id")
    places = [
        reverse("admin:settlement_upload"),
        reverse("admin:settlement_file", args=[file.pk]),
        reverse("admin:report", args=["settlement"]),
    ]
    for place in places:
        assert packer.get(place).status_code == 403
        assert administrator.get(place).status_code == 200
    assert packer.get(page(manager, job)).status_code == 403
    assert give(packer, lines(("13", "1,00"))).status_code == 403
    taking = reverse("admin:settlement_take_back", args=[file.pk])
    assert packer.post(taking).status_code == 403
    assert SettlementRow.objects.count() == 1
