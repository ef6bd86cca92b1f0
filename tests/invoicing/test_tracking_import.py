"""A carrier's file: looked through first, entered only then, with an answer for every row."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl import Workbook

from invoicing import packing
from invoicing.models import Carrier, Manifest, Package
from jobs.models import Job
from jobs.running import run_due
from orders.models import Order
from orders.states import Status
from sellers.models import OutboxMessage, User
from tests.builders import Line, an_order, staff
from tests.jobs.conftest import Clock

pytestmark = pytest.mark.django_db
ONE, TWO, THREE = "AA123456785BR", "AA000000014BR", "AA000000028BR"


@pytest.fixture(autouse=True)
def _media(tmp_path, settings):
    settings.MEDIA_ROOT = str(tmp_path)


@pytest.fixture
def packer(client: Client) -> Client:
    client.force_login(staff("ana"))
    return client


def packed(boxes: int = 1, *, days_ago: int = 0) -> Order:
    now = timezone.now() - timedelta(days=days_ago, minutes=5)
    order = an_order(Line(quantity=boxes), now=now)
    for _box in range(boxes):
        package = packing.open_package(order=order, now=now, actor=None)
        packing.put(package=package, line=order.lines.get(), quantity=1, now=now, actor=None)
        packing.close(package=package, now=now, actor=None)
    return order


def give(packer: Client, content: bytes | str, name: str = "rastreios.csv", **fields: Any) -> Any:
    data = content.encode() if isinstance(content, str) else content
    fields |= {"file": SimpleUploadedFile(name, data)}
    return packer.post(reverse("admin:tracking_upload"), fields)


def run() -> Job:
    run_due(clock=Clock(timezone.now()), seconds=600)
    return Job.objects.latest("id")


def previewed(packer: Client, content: bytes | str, **fields: Any) -> Job:
    response = give(packer, content, **fields)
    assert response.status_code == 302, response.content.decode()
    return run()


def entered(packer: Client, content: bytes | str, **fields: Any) -> Job:
    job = previewed(packer, content, **fields)
    packer.post(reverse("admin:tracking_preview", args=[job.pk]))
    return run()


def rows(job: Job) -> list[list[str]]:
    with job.result.open("rb") as file:
        text = file.read().decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))[1:]


def outcomes(job: Job) -> list[tuple[str, str]]:
    return [(row[4], row[5]) for row in rows(job)]


def test_a_chosen_file_is_told_beside_its_field(packer: Client):
    """The admin's script writes the file's name into the text beside it, and fails without one."""
    form = packer.get(reverse("admin:tracking_upload")).content.decode()
    text, file = form.index('type="text" aria-label="Choose file'), form.index('type="file"')
    assert text < file < form.index("Look it through")
    assert 'accept=".csv,.txt,.xlsx"' in form


def test_shows_what_each_row_would_do_before_anything_happens(packer: Client):
    one, two = packed(), packed(2)
    job = previewed(
        packer,
        f"Pedido;Código de rastreio;Transportadora\n"
        f"{one.marketplace_order_id};{ONE};correios\n"
        f"{two.marketplace_order_id};{TWO};correios\n"
        f"nonsense;{TWO};correios\n"
        f"{one.marketplace_order_id};;correios\n",
    )
    assert outcomes(job) == [
        ("tracking number is new", ""),
        ("left out", "This means 2 packages: give the package or its invoice."),
        ("left out", "No closed package of ours has this id."),
        ("left out", "The row has no tracking number."),
    ]
    assert not Package.objects.exclude(tracking_number="").exists()
    page = packer.get(reverse("admin:tracking_preview", args=[job.pk])).content.decode()
    assert "Enter 1 row" in page and "Código de rastreio" in page and "This means 2" in page


def test_enters_it_once_somebody_agrees_and_answers_for_every_row(packer: Client):
    one, two = packed(), packed(2)
    job = entered(
        packer,
        f"etiqueta,objeto\n{one.seller_order_id}-1,{ONE}\n{two.seller_order_id}-2,{TWO}\n",
        carrier=str(Carrier.objects.get().pk),
    )
    assert [row[2:4] for row in rows(job)] == [
        [f"{one.seller_order_id}-1", ONE],
        [f"{two.seller_order_id}-2", TWO],
    ]
    package = one.packages.get()
    assert (package.courier, package.tracking_number) == ("Correios", ONE)
    assert package.dispatched_at is not None
    one.refresh_from_db()
    assert one.status == Status.SHIPPED
    assert OutboxMessage.objects.filter(kind="tracking").count() == 2
    assert job.asked_by == User.objects.get(username="ana")


def test_the_same_file_again_changes_nothing(packer: Client):
    text = f"nota,rastreio,transportadora\n{packed().invoices.get().number},{ONE},Correios\n"
    entered(packer, text)
    job = previewed(packer, text)
    assert outcomes(job) == [("known already", "")]
    page = packer.get(reverse("admin:tracking_preview", args=[job.pk])).content.decode()
    assert "There is nothing to enter." in page
    assert OutboxMessage.objects.filter(kind="tracking").count() == 1


def test_says_when_a_number_replaces_another(packer: Client):
    order = packed()
    entered(packer, f"order,tracking,carrier\n{order.marketplace_order_id},{ONE},Correios\n")
    job = entered(packer, f"order,tracking,carrier\n{order.marketplace_order_id},{TWO},Correios\n")
    assert outcomes(job) == [("replaces another tracking number", "")]
    assert order.packages.get().tracking_number == TWO


def test_takes_deliveries_with_or_without_a_number(packer: Client):
    one, two, three = packed(), packed(), packed()
    today = timezone.localtime(timezone.now(), one.account.zone)
    entered(packer, f"order,tracking,carrier\n{one.marketplace_order_id},{ONE},Correios\n")
    job = entered(
        packer,
        "pedido;rastreio;transportadora;data de entrega\n"
        f"{one.marketplace_order_id};;;{today:%d/%m/%Y}\n"
        f"{two.marketplace_order_id};{TWO};Correios;{today:%Y-%m-%d %H:%M}\n"
        f"{three.marketplace_order_id};;;{today:%d/%m/%Y}\n",
    )
    assert outcomes(job) == [
        ("delivered", ""),
        ("delivered", ""),
        ("left out", "It was not handed over yet: give its number."),
    ]
    for order in (one, two):
        order.refresh_from_db()
        assert order.status == Status.DELIVERED
    three.refresh_from_db()
    assert three.status == Status.INVOICED


@pytest.mark.parametrize(
    ("tracking", "day", "why"),
    [
        ("AA123456784BR", "", "check digit"),
        ("aguardando", "", "is not real tracking data"),
        (ONE, "31/02/2026", "“31/02/2026” is not a day."),
        (ONE, "01/01/2999", "The delivery can't be in the future."),
        (ONE, "yesterday", "“yesterday” is not a day."),
    ],
)
def test_names_what_is_wrong_with_a_row_and_enters_the_others(
    packer: Client, tracking: str, day: str, why: str
):
    bad, good = packed(), packed()
    job = entered(
        packer,
        "order,tracking,carrier,delivered\n"
        f"{bad.marketplace_order_id},{tracking},Correios,{day}\n"
        f"{good.marketplace_order_id},{TWO},Correios,\n",
    )
    assert why in outcomes(job)[0][1]
    assert outcomes(job)[1] == ("tracking number is new", "")
    assert bad.packages.get().tracking_number == ""
    assert good.packages.get().tracking_number == TWO


def test_rows_that_contradict_each_other_are_left_out(packer: Client):
    one, two = packed(), packed()
    job = entered(
        packer,
        "order,tracking,carrier\n"
        f"{one.marketplace_order_id},{ONE},Correios\n"
        f"{one.marketplace_order_id},{TWO},Correios\n"
        f"{two.marketplace_order_id},{ONE},Correios\n",
    )
    assert [why for _what, why in outcomes(job)] == [
        "",
        "Row 2 gives this package another number.",
        "Row 2 gives this number to another order.",
    ]
    assert (one.packages.get().tracking_number, two.packages.get().tracking_number) == (ONE, "")


def a_day(order: Order, *, ago: int) -> str:
    return f"{timezone.localdate(timezone.now() - timedelta(days=ago), order.account.zone)}"


def test_the_preview_leaves_out_what_the_entering_would_refuse(packer: Client):
    one, two, three = packed(), packed(days_ago=5), packed(days_ago=5)
    job = entered(
        packer,
        "order,tracking,carrier,dispatched,delivered\n"
        f"{one.marketplace_order_id},{ONE},Correios,{a_day(one, ago=3)},\n"
        f"{two.marketplace_order_id},{TWO},Correios,{a_day(two, ago=2)},{a_day(two, ago=3)}\n"
        f"{three.marketplace_order_id},{THREE},Correios,{a_day(three, ago=2)},\n",
    )
    assert outcomes(job)[:2] == [
        ("left out", "The package was closed after that day."),
        ("left out", "The package was handed over after that."),
    ]
    assert Package.objects.exclude(tracking_number="").get().order == three
    late = f"order,delivered\n{three.marketplace_order_id},{a_day(three, ago=3)}\n"
    assert outcomes(previewed(packer, late)) == outcomes(job)[1:2]


def test_an_hour_before_the_hand_over_is_refused_and_a_day_alone_is_not(packer: Client):
    order = packed(days_ago=5)
    day = a_day(order, ago=2)
    head = f"order,tracking,carrier,dispatched\n{order.marketplace_order_id},{ONE},Correios,{day}\n"
    entered(packer, head)
    early = f"order,delivered\n{order.marketplace_order_id},{day} 09:00\n"
    assert outcomes(previewed(packer, early)) == [
        ("left out", "The package was handed over after that.")
    ]
    job = entered(packer, f"order,delivered\n{order.marketplace_order_id},{day}\n")
    assert outcomes(job) == [("delivered", "")]
    order.refresh_from_db()
    assert order.status == Status.DELIVERED


def test_a_hand_over_and_a_delivery_of_one_day_are_entered_together(packer: Client):
    order = packed(days_ago=5)
    day = a_day(order, ago=2)
    job = entered(
        packer,
        "order,tracking,carrier,dispatched,delivered\n"
        f"{order.marketplace_order_id},{ONE},Correios,{day},{day} 09:00\n",
    )
    assert outcomes(job) == [("delivered", "")]
    order.refresh_from_db()
    assert order.status == Status.DELIVERED


def test_of_two_days_of_delivery_the_first_counts(packer: Client):
    order = packed(days_ago=5)
    row = f"{order.marketplace_order_id},{ONE},Correios,{a_day(order, ago=4)}"
    job = entered(
        packer,
        "order,tracking,carrier,dispatched,delivered\n"
        f"{row},{a_day(order, ago=3)}\n{row},{a_day(order, ago=2)}\n{row},{a_day(order, ago=3)}\n",
    )
    assert outcomes(job)[1] == ("left out", "Row 2 gives this package another day of delivery.")
    assert [what for what, _why in outcomes(job)][::2] == ["delivered", "delivered"]
    at = order.packages.get().delivered_at
    assert at is not None
    assert str(timezone.localdate(at, order.account.zone)) == a_day(order, ago=3)


def test_a_number_of_another_carrier_than_the_manifests_is_left_out(packer: Client):
    mine, other = packed(), packed()
    aurora = Carrier.objects.create(name="Aurora")
    now = timezone.now()
    van = Manifest.objects.create(carrier=aurora, opened_at=now)
    for order in (mine, other):
        van.entries.create(package=order.packages.get(), key=f"k{order.pk}", scanned_at=now)
    job = entered(
        packer,
        f"order,tracking,carrier\n{mine.marketplace_order_id},12345678,aurora\n"
        f"{other.marketplace_order_id},{ONE},Correios\n",
    )
    assert outcomes(job) == [
        ("tracking number is new", ""),
        ("left out", f"It is on manifest {van.code} of Aurora."),
    ]
    assert other.packages.get().tracking_number == ""


def test_reads_spreadsheets_with_their_own_dates_and_numbers(packer: Client):
    order = packed()
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Relatório da transportadora", None])
    sheet.delete_rows(1)
    sheet.append(["Nº Pedido", "Peso", "AWB", "Data de Postagem"])
    day = timezone.localtime(timezone.now(), order.account.zone)
    sheet.append([order.marketplace_order_id, 1.5, 1234567890.0, day.replace(tzinfo=None)])
    packed_up = io.BytesIO()
    book.save(packed_up)
    Carrier.objects.create(name="Aurora")
    job = entered(
        packer,
        packed_up.getvalue(),
        name="r.xlsx",
        carrier=str(Carrier.objects.get(name="Aurora").pk),
    )
    assert outcomes(job) == [("tracking number is new", "")]
    assert order.packages.get().tracking_number == "1234567890"


def test_reads_what_spreadsheets_of_windows_write(packer: Client):
    order = packed()
    text = f"Pedido\tRastreio\tTransportadora\r\n{order.marketplace_order_id}\t{ONE}\tCorreios\r\n"
    job = previewed(packer, text.replace("Pedido", "Número do pedido").encode("cp1252"))
    assert outcomes(job) == [("tracking number is new", "")]


def bomb() -> bytes:
    packed_up = io.BytesIO()
    with zipfile.ZipFile(packed_up, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("xl/worksheets/sheet1.xml", b"0" * (201 * 1024 * 1024))
    return packed_up.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"\n\n", "The file is empty."),
        ("name,weight\nx,1\n", "No column says which package it is"),
        ("order,weight\nx,1\n", "No column has a tracking number"),
        (b"PK\x03\x04nonsense", "be read as XLSX"),
        (b"\x00\x01\x02", "neither CSV nor XLSX"),
        pytest.param(bomb(), "too large once it is unpacked", id="bomb"),
        pytest.param(b"a" * (10 * 1024 * 1024 + 1), "larger than 10 MB", id="large"),
    ],
)
def test_refuses_at_once_what_is_no_such_file(packer: Client, content: bytes | str, said: str):
    page = give(packer, content)
    assert page.status_code == 200
    assert said in page.content.decode()
    assert not Job.objects.exists()


def test_a_cell_of_the_answer_is_never_a_formula(packer: Client):
    job = previewed(packer, 'order,tracking\n"=HYPERLINK(1)",@SUM\n')
    assert rows(job)[0][1] == "'=HYPERLINK(1)"
    assert rows(job)[0][3] == "'@SUM"


def test_only_who_asked_sees_it_and_only_who_packs_gives_one(packer: Client, client: Client):
    job = previewed(packer, "order,tracking\nx,y\n")
    other = Client()
    other.force_login(staff("ben"))
    assert other.get(reverse("admin:tracking_preview", args=[job.pk])).status_code == 404
    assert other.post(reverse("admin:tracking_preview", args=[job.pk])).status_code == 404
    nobody = Client()
    nobody.force_login(User.objects.create_user("cai", is_staff=True))
    assert nobody.get(reverse("admin:tracking_upload")).status_code == 403


def test_a_long_file_takes_a_fixed_number_of_queries_a_part(
    packer: Client, django_assert_max_num_queries
):
    order = packed()
    body = "".join(f"X{n},{ONE},Correios\n" for n in range(2900))
    known = f"{order.seller_order_id}-1,{ONE},Correios\n" * 100
    give(packer, f"package,tracking,carrier\n{known}{body}")
    with django_assert_max_num_queries(160):
        job = run()
    assert job.result_rows == 3000
    assert job.total_units == job.done_units == 3000
