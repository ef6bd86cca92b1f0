"""One order that touches everything the admin shows, and a browserless client for each role."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from invoicing.models import Invoice, Package, PackageItem, PaperSettings, Print, ShortPick
from jobs.models import Job
from orders.models import Order, OrderEvent, PersonalData, TimelineEntry
from orders.moving import record
from orders.states import Status
from sellers.models import (
    Closure,
    DeliveryAttempt,
    DeliveryWindow,
    FreightRate,
    OutboxMessage,
    PickupPoint,
    PolicyWarehouse,
    SalesChannelPrice,
    ShippingPolicy,
    User,
)
from tests.builders import Line, a_seller, a_sku, a_warehouse, an_order, staff

#: Nobody without the permission may meet one of these anywhere.
PERSONAL = (
    "Filomena",
    "Quintanilha",
    "filomena@example.com",
    "52998224725",
    "+5511987654321",
    "Rua das Hortensias",
    "Berenice Receptora",
)
#: Amounts of the scene as they would be written: formatted and bare.
PRICES = ("123,45", "12345", "123.45", "67,89", "6789", "67.89", "358,27", "35827", "358.27")

SHOPPER = {
    "clientProfileData": {
        "firstName": "Filomena",
        "lastName": "Quintanilha",
        "email": "filomena@example.com",
        "documentType": "cpf",
        "document": "52998224725",
        "phone": "+5511987654321",
    },
    "shippingData": {
        "address": {
            "street": "Rua das Hortensias",
            "receiverName": "Berenice Receptora",
            "number": "1",
            "city": "São Paulo",
        }
    },
    "openTextField": {"value": "Filomena asks for a ribbon"},
}


@pytest.fixture
def scene(db: None) -> Order:
    """A half-packed order with an invoice on its way, and a row in every other table."""
    now = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
    account = a_seller()
    sku = a_sku("1001", price_cents=12345, list_price_cents=35827, ean="7891000100103")
    SalesChannelPrice.objects.create(sku=sku, sales_channel="2", price_cents=6789)
    order = an_order(
        Line("1001", quantity=2, price=12345, freight=6789),
        status=Status.HANDLING,
        now=now,
        ship_postal_code="01310100",
    )
    PersonalData.objects.filter(order=order).update(document=SHOPPER, receiver="Berenice Receptora")
    _shipping(account)
    _invoice(order, now)
    _short_pick(order, now)
    record(order, kind=TimelineEntry.Kind.STATUS, code="placed", now=now)
    OrderEvent.objects.create(
        account=account,
        marketplace_order_id=order.marketplace_order_id,
        state="ready-for-handling",
        document={"State": "ready-for-handling"},
        received_at=now,
    )
    PaperSettings.objects.create(account=account)
    Print.objects.create(kind="slip", form="pdf", subject="package/1", copy=1, at=now)
    Job.objects.create(
        kind="gone", language="en", time_zone="UTC", created_at=now, turn_at=now, problems=["odd"]
    )
    return order


def _shipping(account) -> None:
    point = PickupPoint.objects.create(
        account=account,
        ref="counter",
        friendly_name="Counter",
        postal_code="01310100",
        city="São Paulo",
        state="SP",
        country="BRA",
        street="Avenida Paulista",
    )
    policy = ShippingPolicy.objects.create(account=account, ref="express", name="Express")
    ShippingPolicy.objects.create(
        account=account, ref="pickup", name="Pickup", channel="pickup-in-point", pickup_point=point
    )
    PolicyWarehouse.objects.create(policy=policy, warehouse=a_warehouse())
    FreightRate.objects.create(
        policy=policy,
        country="BRA",
        postal_from="00000000",
        postal_to="19999999",
        price_cents=6789,
        estimate="2bd",
    )
    starts = timezone.now()
    DeliveryWindow.objects.create(
        policy=policy, starts_at=starts, ends_at=starts + timedelta(hours=4), price_cents=6789
    )
    Closure.objects.create(account=account, closed_on=starts.date(), note="Town holiday")


def _invoice(order: Order, now: datetime) -> None:
    with transaction.atomic():
        package = Package.objects.create(
            order=order, number=1, status="closed", opened_at=now, closed_at=now
        )
        line = order.lines.order_by("index")[0]
        PackageItem.objects.create(package=package, line=line, quantity=1)
        message = OutboxMessage.objects.create(
            account=order.account,
            subject=order.marketplace_order_id,
            kind="invoice",
            key="invoice/1",
            method="POST",
            path=f"/api/oms/pvt/orders/{order.marketplace_order_id}/invoice",
            body='{"invoiceValue": 12345}',
            status="rejected",
            due_at=now,
            created_at=now,
            last_error="400: invoiceKey is not valid",
        )
        DeliveryAttempt.objects.create(
            message=message,
            at=now,
            duration_ms=12,
            http_status=400,
            outcome="rejected",
            detail="invoiceKey is not valid",
        )
        Invoice.objects.create(
            account=order.account,
            order=order,
            package=package,
            number="NF-77",
            value_cents=12345,
            issued_at=now,
            message=message,
        )


def _short_pick(order: Order, now: datetime) -> None:
    """Decided already, so that it stands in nothing's way."""
    ShortPick.objects.create(
        order=order,
        line=order.lines.get(),
        warehouse=a_warehouse(),
        quantity=1,
        line_quantity=2,
        reason="not-there",
        reported_at=now,
        reported_by=User.objects.create_user("ina"),
        decision=ShortPick.Decision.FOUND,
        decided_at=now,
    )


def _client(role: str) -> Client:
    client = Client()
    client.force_login(staff(role.lower(), role=role))
    return client


@pytest.fixture
def superuser(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root", password="password"))
    return client


@pytest.fixture
def administrator(db: None) -> Client:
    return _client("Administrator")


@pytest.fixture
def manager(db: None) -> Client:
    return _client("Manager")


@pytest.fixture
def warehouse(db: None) -> Client:
    return _client("Warehouse")
