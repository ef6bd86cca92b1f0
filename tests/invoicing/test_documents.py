"""An invoice's XML at the packing table: read safely, compared with the package, sent along."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from invoicing import nfe_document, packing
from invoicing.models import Invoice, InvoiceSeries, Package
from orders import erasing
from orders.models import Order
from orders.states import Status
from sellers.errors import DomainError
from sellers.models import OutboxMessage, StockLevel
from tests.builders import NOW, Line, a_seller, a_sku, an_order, staff
from tests.invoicing.nfe_files import ISSUER, a_document, a_key

pytestmark = pytest.mark.django_db
BOMB = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
OUTSIDE = '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>'


def packed(*quantities: int, **facts: Any) -> Package:
    a_sku("1001", ean="7891234567895", ref_code="MUG")
    lines = [Line(ref, n, price=1000) for ref, n in zip(("1001", "1002"), quantities, strict=False)]
    order = an_order(*lines, **facts)
    package = packing.open_package(order=order, now=NOW, actor=None)
    for line in order.lines.all():
        packing.put(package=package, line=line, quantity=line.quantity, now=NOW, actor=None)
    return package


def close(package: Package, document: bytes, **facts: Any) -> Invoice:
    return packing.close(package=package, document=document, now=NOW, actor=None, **facts)


def refusal_of(package: Package, document: bytes, **facts: Any) -> DomainError:
    """What closing with this document is refused for; nothing happened then."""
    with pytest.raises(DomainError) as caught:
        close(package, document, **facts)
    assert not Invoice.objects.exists()
    assert not OutboxMessage.objects.filter(kind="invoice").exists()
    assert StockLevel.objects.get(sku__ref="1001").on_hand == 100
    return caught.value


def test_number_key_date_and_document_come_from_the_file() -> None:
    package = packed(2, 1)
    document = a_document(("1001", "2.0000"), ("1002", 1), total="30.00")
    invoice = close(package, document, url="https://nfe.example/77.xml")
    assert (invoice.number, invoice.key, invoice.value_cents) == ("77", a_key(number=77), 3000)
    assert invoice.message
    body = json.loads(invoice.message.body)
    assert body["embeddedInvoice"] == document.decode()
    assert body["invoiceKey"] == a_key(number=77)
    assert body["invoiceUrl"] == "https://nfe.example/77.xml"
    assert body["issuanceDate"] == "2026-03-02T08:30:00-03:00"


@pytest.mark.parametrize(("code", "ean"), [("1001", ""), ("MUG", ""), ("X", "7891234567895")])
def test_an_item_is_known_by_sku_reference_or_ean(code: str, ean: str) -> None:
    close(packed(2), a_document((code, 2), total="20.00", ean=ean))


@pytest.mark.parametrize(
    ("items", "facts", "words"),
    [
        ([("1001", 1)], {}, "Of “Item 1001” 1 are invoiced, 2 packed."),
        ([("1001", 1), ("1001", 2)], {}, "Of “Item 1001” 3 are invoiced, 2 packed."),
        ([("1001", "1.5")], {}, "Of “Item 1001” 1.5 are invoiced"),
        ([("1001", 2), ("9", 1)], {}, "“Item 9” (9) is not in the package."),
        ([], {}, "Of “Item 1001” 0 are invoiced, 2 packed."),
        ([("1001", 2)], {"total": "20.01"}, "Its total is R$ 20,01, the package is worth R$ 20,00"),
        ([("1001", 2)], {"kind": 0}, "It is a return."),
        ([("1001", 2)], {"key": a_key(number=78)}, "Its access key is another invoice's."),
        ([("1001", 2)], {"series": 2}, "Its access key is another invoice's."),
        ([("1001", 2)], {"issuer": "11222333000181"}, "Its access key is another invoice's."),
        (
            [("1001", 2)],
            {"key": a_key(number=77, month="2602")},
            "Its date is not of its access key's month.",
        ),
        ([("1001", 2)], {"issued": "2026-03-02T12:06:00+00:00"}, "It is dated in the future."),
    ],
)
def test_lists_what_differs_and_refuses(
    items: list[tuple[str, Any]], facts: dict[str, Any], words: str
) -> None:
    document = a_document(*items, **({"total": "20.00"} | facts))
    refusal = refusal_of(packed(2), document)
    assert refusal.code == "document-differs"
    assert words in refusal.message


@pytest.mark.parametrize(
    "document",
    [
        b"not xml",
        b"<a><b></a>",
        b"<invoice/>",
        b"\xff\xfe\x00",
        b"<a>" * 5000,
        a_document(("1001", 2), total="20.00", head=BOMB),
        a_document(("1001", 2), total="20.00", head=OUTSIDE),
        a_document(("1001", 2), total="NaN"),
        a_document(("1001", 2), total="20.001"),
        a_document(("1001", 2), total=""),
        a_document(("1001", "Infinity"), total="20.00"),
        a_document(("1001", 2), total="20.00", issued="yesterday"),
        a_document(("1001", 2), total="20.00", issued="2026-03-02T08:30:00"),
        a_document(("1001", 2), total="20.00", series="one"),
        a_document(("1001", 2), total="20.00", head='<?xml version="1.0" encoding="UTF-16"?>'),
        b" " * (nfe_document.LONGEST + 1) + b"<a/>",
    ],
    ids=lambda document: repr(document[:40]),
)
def test_refuses_files_that_are_not_what_they_should_be(document: bytes) -> None:
    assert refusal_of(packed(2), document).code == "bad-document"


def test_refuses_another_number_than_the_document_s() -> None:
    document = a_document(("1001", 2), total="20.00")
    assert refusal_of(packed(2), document, number="78").code == "bad-access-key"


def test_refuses_another_issuer_and_another_series_where_they_are_known() -> None:
    a_seller(tax_id="11222333000181")
    document = a_document(("1001", 2), total="20.00")
    refusal = refusal_of(packed(2), document)
    assert f"Its issuer is {ISSUER}." in refusal.message
    assert refusal_of(packed(2), b"", key=a_key(number=5)).code == "bad-access-key"


def test_refuses_a_key_of_another_series_than_the_account_s() -> None:
    InvoiceSeries.objects.create(account=a_seller(), fiscal_series=2)
    package = packed(2)
    assert refusal_of(package, b"", key=a_key(number=5)).code == "bad-access-key"
    invoice = close(package, b"", key=a_key(number=5, series=2))
    assert invoice.number == "5"


@pytest.mark.parametrize("number", ["NF-77", "000077", "77-1", "1-77"])
def test_takes_a_number_that_carries_the_key_s_with_something_around_it(number: str) -> None:
    invoice = packing.close(
        package=packed(1), number=number, key=a_key(number=77), now=NOW, actor=None
    )
    assert invoice.number == number


@pytest.mark.parametrize("number", ["NF-78", "770", "A", "7-7"])
def test_refuses_a_number_that_is_not_the_key_s(number: str) -> None:
    with pytest.raises(DomainError) as caught:
        packing.close(package=packed(1), number=number, key=a_key(number=77), now=NOW, actor=None)
    assert caught.value.code == "bad-access-key"


def test_refuses_an_address_that_is_none() -> None:
    assert refusal_of(packed(2), b"", url="javascript:alert(1)").code == "bad-url"


def gesture(client: Client, order: Order, **fields: Any) -> str:
    address = reverse("admin:packing_gesture", args=[order.seller_order_id])
    sent = {"action": "close", "gesture": "g" * 12, "package": Package.objects.get().pk} | fields
    return client.post(address, sent, follow=True).content.decode()


@pytest.mark.parametrize("as_file", [True, False])
def test_it_is_dropped_in_at_the_table(client: Client, as_file: bool) -> None:
    package = packed(2)
    client.force_login(staff("ana"))
    document = a_document(("1001", 2), total="20.00")
    field = SimpleUploadedFile("nfe.xml", document) if as_file else document.decode()
    assert "closed with invoice 77" in gesture(client, package.order, document=field)


def test_a_difference_in_money_is_not_told_in_figures_to_the_warehouse(client: Client) -> None:
    package = packed(2)
    client.force_login(staff("ana"))
    document = a_document(("1001", 2), total="20.01").decode()
    text = gesture(client, package.order, document=document)
    assert "Its total differs." in text
    assert "20,0" not in text


def test_the_shopper_named_in_it_is_shown_to_nobody_and_erased(client: Client) -> None:
    package = packed(2)
    invoice = close(package, a_document(("1001", 2), total="20.00"))
    assert invoice.message
    page = reverse("admin:sellers_outboxmessage_change", args=[invoice.message.pk])
    client.force_login(staff("mara", role="Manager"))
    text = client.get(page).content.decode()
    assert "invoiceValue" in text
    assert "Filomena" not in text
    OutboxMessage.objects.update(status="delivered")
    Order.objects.update(status=Status.DELIVERED)
    erasing.erase_personal_data(order=package.order, now=NOW, actor=None)
    kept = json.loads(OutboxMessage.objects.get(pk=invoice.message.pk).body)
    assert "embeddedInvoice" not in kept
    assert kept["invoiceValue"] == 2000
