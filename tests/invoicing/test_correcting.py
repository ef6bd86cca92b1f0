"""An invoice or tracking the marketplace refused is put right in its place."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from django.db.models import QuerySet

from invoicing import correcting, packing, tracking
from invoicing.models import Invoice, Package
from orders.models import Order, TimelineEntry
from sellers.errors import DomainError
from sellers.marketplace.claiming import claim_due
from sellers.models import OutboxMessage
from tests.builders import NOW, Line, an_order
from tests.invoicing.nfe_files import a_document, a_key

pytestmark = pytest.mark.django_db


def refused_invoice(*, with_tracking: bool = False, **paper: Any) -> Invoice:
    """A closed package whose invoice the marketplace refused."""
    order = an_order(Line(quantity=2, price=1000))
    package = packing.open_package(order=order, now=NOW, actor=None)
    packing.put(package=package, line=order.lines.get(), quantity=2, now=NOW, actor=None)
    invoice = packing.close(package=package, now=NOW, actor=None, **paper)
    if with_tracking:
        track(package)
    OutboxMessage.objects.filter(kind="start-handling").update(status="delivered")
    refuse(order, "invoice")
    return Invoice.objects.get(pk=invoice.pk)


def track(package: Package, number: str = "QB123456785BR") -> None:
    tracking.enter_tracking(
        package=package,
        courier="Correios",
        number=number,
        url="",
        dispatched_on=date(2026, 3, 2),
        now=NOW,
        actor=None,
    )


def refuse(order: Order, kind: str) -> None:
    found = OutboxMessage.objects.filter(subject=order.marketplace_order_id, kind=kind)
    found.update(status="rejected", settled_at=NOW, last_error="HTTP 400: No.")


def correct(invoice: Invoice, **paper: Any) -> Invoice:
    given = {"number": invoice.number, "key": invoice.key, "url": invoice.url}
    return correcting.correct(invoice=invoice, now=NOW, actor=None, **given | paper)


def refusal_of(invoice: Invoice, **paper: Any) -> str:
    before = body_of(invoice)
    with pytest.raises(DomainError) as caught:
        correct(invoice, **paper)
    invoice.refresh_from_db()
    assert body_of(invoice) == before
    return caught.value.code


def its_message(invoice: Invoice) -> QuerySet[OutboxMessage]:
    assert invoice.message_id
    return OutboxMessage.objects.filter(pk=invoice.message_id)


def body_of(invoice: Invoice) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(its_message(invoice).get().body)
    return said


def test_goes_out_again_under_another_number_for_the_same_value() -> None:
    invoice = refused_invoice()
    before = body_of(invoice)
    correct(invoice, number="A-9", url="https://nfe.example/9")
    invoice.refresh_from_db()
    assert (invoice.number, invoice.value_cents) == ("A-9", 2000)
    changes = {"invoiceNumber": "A-9", "invoiceUrl": "https://nfe.example/9"}
    assert body_of(invoice) == before | changes
    [message] = claim_due(now=NOW, limit=5)
    assert message.pk == invoice.message_id
    entry = TimelineEntry.objects.get(code="invoice-corrected")
    assert entry.facts["invoice"] == "A-9"


def test_tracking_that_waits_behind_it_goes_to_the_new_number() -> None:
    invoice = refused_invoice(with_tracking=True)
    correct(invoice, number="A-9")
    waiting = OutboxMessage.objects.get(kind="tracking")
    assert waiting.path.endswith("/invoice/A-9")
    [first] = claim_due(now=NOW, limit=5)
    assert first.pk == invoice.message_id


def test_an_empty_number_draws_the_next_of_the_series() -> None:
    invoice = refused_invoice()
    assert invoice.number == "1"
    correct(invoice, number="")
    assert Invoice.objects.get().number == "2"


def test_the_document_goes_along_again_while_it_is_the_same_paper() -> None:
    document = a_document(("1001", 2), total="20.00")
    invoice = refused_invoice(document=document)
    correct(invoice, url="https://nfe.example/77")
    assert body_of(invoice)["embeddedInvoice"] == document.decode()
    its_message(invoice).update(status="rejected")
    correct(invoice, number="78", key=a_key(number=78))
    assert "embeddedInvoice" not in body_of(invoice)
    its_message(invoice).update(status="rejected")
    other = a_document(("1001", 2), total="20.00", number=79)
    correct(Invoice.objects.get(), number="", key="", document=other)
    assert body_of(invoice)["embeddedInvoice"] == other.decode()
    assert body_of(invoice)["invoiceNumber"] == "79"


@pytest.mark.parametrize(
    ("paper", "code"),
    [
        ({"number": "A/9"}, "bad-invoice-number"),
        ({"number": "taken"}, "number-taken"),
        ({"key": "123"}, "bad-access-key"),
        ({"url": "ftp:"}, "bad-url"),
        ({"document": a_document(("1001", 1), total="10.00")}, "document-differs"),
    ],
)
def test_refuses_what_closing_a_package_would_refuse(paper: dict[str, Any], code: str) -> None:
    other = refused_invoice()
    Invoice.objects.filter(pk=other.pk).update(number="taken")
    invoice = refused_invoice()
    if "document" in paper:
        paper = {"number": "", "key": ""} | paper
    assert refusal_of(invoice, **paper) == code


@pytest.mark.parametrize("status", ["pending", "delivered", "unauthorised", "superseded"])
def test_corrects_only_what_was_refused_or_given_up(status: str) -> None:
    invoice = refused_invoice()
    its_message(invoice).update(status=status)
    assert refusal_of(invoice, number="A-9") == "not-to-be-corrected"


def test_leaves_an_invoice_alone_that_may_have_arrived() -> None:
    invoice = refused_invoice()
    its_message(invoice).update(in_doubt=True)
    assert refusal_of(invoice, number="A-9") == "may-have-arrived"


def test_leaves_a_voided_invoice_alone() -> None:
    invoice = refused_invoice()
    packing.reopen(package=Package.objects.get(), now=NOW, actor=None)
    assert refusal_of(invoice, number="A-9") == "not-to-be-corrected"


def test_a_key_scanned_into_the_numbers_field_is_the_key_wherever_that_is() -> None:
    invoice = refused_invoice()
    correct(invoice, number=a_key(number=79))
    invoice.refresh_from_db()
    assert (invoice.number, invoice.key) == ("79", a_key(number=79))
    refuse(invoice.order, "invoice")
    assert refusal_of(invoice, number=a_key(number=80)) == "bad-access-key"  # beside another one
    assert refusal_of(invoice, number=a_key(number=80)[:-1], key="") == "bad-access-key"


def test_refused_tracking_is_put_right_by_entering_it_again() -> None:
    invoice = refused_invoice()
    OutboxMessage.objects.filter(kind="invoice").update(status="delivered")
    package = Package.objects.get()
    track(package)
    tracking.add_event(
        package=package, at=NOW, description="Posted", city="", state="", now=NOW, actor=None
    )
    refuse(invoice.order, "tracking")
    track(package, number="LX123456785BR")
    [message] = OutboxMessage.objects.filter(kind="tracking")
    assert json.loads(message.body)["trackingNumber"] == "LX123456785BR"
    assert [each.kind for each in claim_due(now=NOW, limit=5)] == ["tracking"]
