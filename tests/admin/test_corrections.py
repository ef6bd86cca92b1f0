"""What the marketplace refused is put right on its own page."""

from __future__ import annotations

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from invoicing.models import Invoice, Package
from sellers.models import OutboxMessage, StaffDecision
from tests.invoicing.nfe_files import a_document
from tests.invoicing.test_correcting import its_message, refuse, refused_invoice, track

pytestmark = pytest.mark.django_db


def address(message_id: int | None, action: str) -> str:
    return reverse(f"admin:sellers_outboxmessage_{action}", args=[message_id])


def send(client: Client, message_id: int | None, action: str, **fields: object) -> int:
    said = {"_form_submitted": "on", **fields}
    return client.post(
        address(message_id, action), said, headers={"HX-Request": "true"}
    ).status_code


def offered(client: Client, message_id: int | None) -> set[str]:
    page = client.get(address(message_id, "change")).content.decode()
    names = ("correct_invoice", "correct_tracking", "resend", "dismiss")
    return {name for name in names if address(message_id, name) in page}


def test_a_manager_corrects_the_number_of_a_refused_invoice(manager: Client) -> None:
    invoice = refused_invoice()
    dialog = manager.get(
        address(invoice.message_id, "correct_invoice"), headers={"HX-Request": "true"}
    ).content.decode()
    assert 'value="1"' in dialog and "multipart/form-data" in dialog
    fields = {"number": "A-9", "key": "", "url": ""}
    assert send(manager, invoice.message_id, "correct_invoice", **fields) == 200
    assert Invoice.objects.get().number == "A-9"
    message = its_message(invoice).get()
    assert message.status == "pending"
    assert str(StaffDecision.objects.get().actor) == "manager"


def test_the_xml_of_the_corrected_invoice_is_uploaded(manager: Client) -> None:
    invoice = refused_invoice()
    file = SimpleUploadedFile("nfe.xml", a_document(("1001", 2), total="20.00", number=79))
    fields = {"number": "", "key": "", "url": "", "document": file}
    send(manager, invoice.message_id, "correct_invoice", **fields)
    body = json.loads(its_message(invoice).get().body)
    assert body["invoiceNumber"] == "79" and "embeddedInvoice" in body


def test_says_why_a_correction_is_refused(manager: Client) -> None:
    invoice = refused_invoice()
    send(manager, invoice.message_id, "correct_invoice", number="A/9", key="", url="")
    page = manager.get(address(invoice.message_id, "change")).content.decode()
    assert "a slash or a space would break tracking" in page
    assert its_message(invoice).get().status == "rejected"


def test_a_manager_corrects_refused_tracking(manager: Client) -> None:
    invoice = refused_invoice()
    OutboxMessage.objects.filter(kind="invoice").update(status="delivered")
    track(Package.objects.get())
    refuse(invoice.order, "tracking")
    message = OutboxMessage.objects.get(kind="tracking")
    assert offered(manager, message.pk) == {"correct_tracking", "resend", "dismiss"}
    fields = {"courier": "Correios", "number": "LX123456785BR", "url": ""}
    send(manager, message.pk, "correct_tracking", **fields, dispatched_on="2026-03-02")
    message.refresh_from_db()
    assert json.loads(message.body)["trackingNumber"] == "LX123456785BR"
    assert Package.objects.get().tracking_number == "LX123456785BR"


def test_offers_to_correct_only_what_can_be(manager: Client, warehouse: Client) -> None:
    invoice = refused_invoice()
    assert offered(manager, invoice.message_id) == {"correct_invoice", "resend", "dismiss"}
    its_message(invoice).update(in_doubt=True)
    assert offered(manager, invoice.message_id) == {"resend", "dismiss"}
    assert send(manager, invoice.message_id, "correct_invoice", number="A-9") == 403
    its_message(invoice).update(in_doubt=False)
    assert send(warehouse, invoice.message_id, "correct_invoice", number="A-9") == 403
    assert Invoice.objects.get().number == "1"
