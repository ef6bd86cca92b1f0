"""An invoice's print: from its XML, or plainly no fiscal document; and only for who may see it."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from invoicing import packing
from invoicing.models import InvoiceLine, Print
from jobs.models import Job
from jobs.running import run_due
from orders.models import Order
from sellers.models import User
from tests.builders import NOW, Line, a_seller, an_order, staff
from tests.invoicing.nfe_files import a_document, a_key, a_whole_document
from tests.invoicing.paper import pages, scanned, sizes_mm
from tests.jobs.conftest import Clock

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _here(tmp_path, settings):
    settings.MEDIA_ROOT = str(tmp_path)
    with translation.override("en"):
        yield


@pytest.fixture
def manager(client: Client) -> Client:
    client.force_login(staff("mia", role="Manager"))
    return client


def packed(document: bytes = b"", *, key: str = "", number: str | None = None) -> Order:
    order = an_order(
        Line("1001", quantity=2, name="Chaleira"), account=a_seller(), receiver="João Conceição"
    )
    package = packing.open_package(order=order, now=NOW, actor=None)
    packing.put(package=package, line=order.lines.get(), quantity=2, now=NOW, actor=None)
    packing.close(package=package, now=NOW, actor=None, document=document, key=key, number=number)
    return order


def printed(client: Client, order: Order, size: str = "a4") -> bytes:
    address = reverse("admin:packing_print_package", args=[order.seller_order_id, 1])
    fields = {"kind": "fiscal", "form": "pdf", "size": size}
    response = client.post(address, fields, follow=True)
    assert response.status_code == 200
    return response.content


def whole(number: int = 77) -> bytes:
    return a_whole_document(("1001", 2), total="34.00", number=number)


@pytest.mark.parametrize(("size", "mm"), [("a4", (210, 297)), ("10x15", (100, 150))])
def test_draws_the_document_in_either_size(manager: Client, size: str, mm: tuple[int, int]):
    print_ = printed(manager, packed(whole()), size)
    text = pages(print_)[0]
    assert sizes_mm(print_) == [mm]
    assert "DANFE" in text and "Casa Aurora Comercio Ltda" in text
    assert "135260000000001" in text  # authorised by the tax office
    assert scanned(print_, dpi=300)["Code128"] == a_key(number=77)
    assert "NOT A FISCAL DOCUMENT" not in text


@pytest.mark.parametrize(("size", "mm"), [("a4", (210, 297)), ("10x15", (100, 150))])
def test_without_the_xml_it_says_that_it_is_no_fiscal_document(
    manager: Client, size: str, mm: tuple[int, int]
):
    order = packed(key=a_key(number=78))
    print_ = printed(manager, order, size)
    text = pages(print_)[0]
    assert sizes_mm(print_) == [mm]
    assert "NOT A FISCAL DOCUMENT" in text
    assert "DANFE" not in text
    assert "2 × Chaleira" in text and "João Conceição" in text
    assert scanned(print_) == {"Code128": a_key(number=78)}


def test_its_lines_add_up_to_its_total(manager: Client):
    order = packed()
    invoice = order.invoices.get()
    lines = InvoiceLine.objects.filter(invoice=invoice)
    assert sum(line.value_cents for line in lines) == invoice.value_cents == 3400
    assert pages(printed(manager, order))[0].count("R$ 34,00") == 2


def test_an_xml_that_lacks_what_its_print_needs_gives_no_fiscal_document(manager: Client):
    order = packed(a_document(("1001", 2), total="34.00"))
    assert "NOT A FISCAL DOCUMENT" in pages(printed(manager, order))[0]


def test_once_the_shoppers_data_is_erased_the_document_is_gone_too(manager: Client):
    order = packed(whole())
    message = order.invoices.get().message
    assert message is not None
    message.body = '{"invoiceValue": 3400}'
    message.save()
    assert "NOT A FISCAL DOCUMENT" in pages(printed(manager, order))[0]


def test_a_packer_neither_prints_nor_opens_one(client: Client, manager: Client):
    order = packed(whole())
    printed(manager, order)
    row = Print.objects.get()
    packer = Client()
    packer.force_login(staff("ana"))
    address = reverse("admin:packing_print_package", args=[order.seller_order_id, 1])
    assert packer.post(address, {"kind": "fiscal", "form": "pdf"}).status_code == 403
    assert packer.get(reverse("admin:packing_print", args=[row.pk])).status_code == 403
    page = packer.get(reverse("admin:paper_batch")).content.decode()
    assert "label/pdf" in page and "fiscal/pdf" not in page
    packer.post(reverse("admin:paper_batch"), {"paper": "fiscal/pdf"})
    assert not Job.objects.exists()
    assert Print.objects.count() == 1
    table = reverse("admin:packing_order", args=[order.seller_order_id])
    assert 'value="fiscal"' not in packer.get(table).content.decode()
    assert 'value="fiscal"' in manager.get(table).content.decode()


def test_a_packer_who_was_given_the_permission_prints(client: Client):
    order, ana = packed(whole()), staff("ana")
    ana.user_permissions.add(Permission.objects.get(codename="print_invoice"))
    client.force_login(User.objects.get(pk=ana.pk))
    assert "DANFE" in pages(printed(client, order))[0]


def test_many_come_in_one_file_and_those_without_a_document_are_named(manager: Client):
    first, second = packed(whole(77)), packed()
    manager.post(reverse("admin:paper_batch"), {"paper": "fiscal/pdf", "size": "10x15"})
    run_due(clock=Clock(timezone.now()), seconds=60)
    job = Job.objects.get()
    assert job.kind == "print-invoices"
    with job.result.open("rb") as file:
        content = file.read()
    assert sizes_mm(content) == [(100, 150)] * 2
    texts = pages(content)
    assert "DANFE" in texts[0] and first.marketplace_order_id not in texts[1]
    assert "NOT A FISCAL DOCUMENT" in texts[1]
    assert job.problems == [
        f"{second.seller_order_id}-1: its XML is not here, so its print is no fiscal document."
    ]
    assert Print.objects.filter(kind="fiscal").count() == 2
