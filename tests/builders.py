"""Valid things with one keyword per fact that matters; everything else has a default."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth.models import Group
from django.db import transaction

from orders.models import Order, OrderLine, PersonalData
from orders.states import Status
from sellers import stock, tariffs
from sellers.models import (
    FreightRate,
    PolicyWarehouse,
    SellerAccount,
    ShippingPolicy,
    Sku,
    StockLevel,
    User,
    Warehouse,
)

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOST = "https://bigstore.vtexcommercestable.com.br"


def a_seller(slug: str = "acme", **facts: Any) -> SellerAccount:
    """A connected account; the same slug gives the same account."""
    defaults = {
        "name": slug.title(),
        "seller_id": slug,
        "marketplace_account": "bigstore",
        "marketplace_url": HOST,
        "app_key": f"{slug}-key",
        "app_token": f"{slug}-token",
    }
    return SellerAccount.objects.get_or_create(slug=slug, defaults=defaults | facts)[0]


def a_warehouse(code: str = "sp", **facts: Any) -> Warehouse:
    account = facts.pop("account", None) or a_seller()
    defaults = {"name": code.upper()} | facts
    return Warehouse.objects.get_or_create(account=account, code=code, defaults=defaults)[0]


def a_sku(ref: str = "1001", *, on_hand: int = 100, **facts: Any) -> Sku:
    """A SKU with `on_hand` units in the account's warehouse `sp`."""
    account = facts.pop("account", None) or a_seller()
    defaults = {"name": f"Item {ref}", "price_cents": 1700} | facts
    sku, is_new = Sku.objects.get_or_create(account=account, ref=ref, defaults=defaults)
    if is_new and on_hand:
        warehouse = a_warehouse(account=account)
        StockLevel.objects.create(sku=sku, warehouse=warehouse, on_hand=on_hand)
    return sku


@dataclass(frozen=True)
class Line:
    """A line to order: money in cents for the whole line, but `price` for one unit."""

    ref: str = "1001"
    quantity: int = 1
    price: int = 1700
    discount: int = 0
    services: int = 0
    freight: int = 0
    name: str = ""


_serial = iter(range(1, 10**9))


def an_order(*lines: Line, status: Status = Status.AUTHORIZED, **facts: Any) -> Order:
    """An order whose units are held, paid unless `status` says otherwise.

    `pays`: what the marketplace pays, when that is not what the lines add up to; `address` and
    `receiver` go into its personal data.
    """
    account = facts.pop("account", None) or a_seller()
    pays, now = facts.pop("pays", None), facts.pop("now", NOW)
    address, receiver = facts.pop("address", {}), facts.pop("receiver", "")
    number = next(_serial)
    chosen = lines or (Line(),)
    order = Order.objects.create(
        **{
            "account": account,
            "marketplace_order_id": f"13{number:011d}-01",
            "status": status,
            "placed_at": now - timedelta(hours=1),
            "authorized_at": now,
            "due_at": now + timedelta(hours=6),
            "payment_value_cents": 0,
            "ship_city": "São Paulo",
            "ship_state": "SP",
        }
        | facts
    )
    rows = [_line(order, index, line) for index, line in enumerate(chosen)]
    order.items_cents = sum(row.items_cents for row in rows)
    order.discounts_cents = sum(row.discount_cents for row in rows)
    order.services_cents = sum(row.services_cents for row in rows)
    order.freight_cents = sum(row.freight_cents for row in rows)
    order.payment_value_cents = sum(row.total_cents for row in rows) if pays is None else pays
    order.save()
    document = {"shippingData": {"address": address}} if address else {}
    PersonalData.objects.create(order=order, document=document, receiver=receiver)
    _hold(order, rows, now=now)
    return order


def _line(order: Order, index: int, line: Line) -> OrderLine:
    sku = a_sku(line.ref, account=order.account)
    return OrderLine.objects.create(
        order=order,
        index=index,
        sku=sku,
        ref=line.ref,
        name=line.name or sku.name,
        quantity=line.quantity,
        price_cents=line.price,
        items_cents=line.price * line.quantity,
        discount_cents=line.discount,
        services_cents=line.services,
        freight_cents=line.freight,
    )


def _hold(order: Order, rows: Sequence[OrderLine], *, now: datetime) -> None:
    warehouse = a_warehouse(account=order.account)
    wants = [stock.Want(row.index, row.sku_id, warehouse.pk, row.quantity) for row in rows]
    with transaction.atomic():
        stock.hold(seller_order_id=order.seller_order_id, wants=wants, expires_at=None, now=now)


def staff(username: str = "ana", *, role: str = "Warehouse", **facts: Any) -> User:
    """A member of staff in one of the roles, with the password `password`."""
    user = User.objects.create_user(username, password="password", is_staff=True, **facts)
    user.groups.add(Group.objects.get(name=role))
    return user


def a_policy(ref: str = "normal", *warehouses: Warehouse, **facts: Any) -> ShippingPolicy:
    """A delivery option for all of Brazil, from `warehouses` (else `sp`) in this preference."""
    account = facts.pop("account", None) or a_seller()
    price, estimate = facts.pop("price", 990), facts.pop("estimate", "2bd")
    policy = ShippingPolicy.objects.create(account=account, ref=ref, name=ref.title(), **facts)
    for position, warehouse in enumerate(warehouses or [a_warehouse(account=account)]):
        PolicyWarehouse.objects.create(policy=policy, warehouse=warehouse, position=position)
    FreightRate.objects.create(
        policy=policy,
        country="BRA",
        postal_from="00000000",
        postal_to="99999999",
        price_cents=price,
        estimate=estimate,
    )
    tariffs.bump(account.pk)
    return policy


def a_placement(*lines: Line, order_id: str = "1138342255777-01", **facts: Any) -> dict[str, Any]:
    """The body of one placed order as VTEX sends it; freight 990 a line unless the line says."""
    chosen = lines or (Line(freight=990),)
    value = sum(
        line.price * line.quantity - line.discount + line.services + line.freight for line in chosen
    )
    sla, lock_ttl = facts.pop("sla", "normal"), facts.pop("lock_ttl", "8d")
    return {
        "marketplaceOrderId": order_id,
        "marketplaceServicesEndpoint": f"{HOST}/api/oms?an=bigstore",
        "marketplacePaymentValue": value,
        "marketplaceOrderGroup": order_id.rsplit("-", 1)[0],
        "items": [_placed_item(line) for line in chosen],
        "clientProfileData": {"email": "f@ct.vtex.com.br", "firstName": "Filomena"},
        "shippingData": {
            "address": {
                "receiverName": "Filomena Quintanilha",
                "postalCode": "01310-100",
                "city": "São Paulo",
                "state": "SP",
                "country": "BRA",
                "street": "Avenida Paulista",
                "geoCoordinates": [-46.65, -23.56],
            },
            "logisticsInfo": [
                {
                    "itemIndex": index,
                    "selectedSla": sla,
                    "lockTTL": lock_ttl,
                    "shippingEstimate": "2bd",
                    "price": line.freight,
                    "deliveryWindow": None,
                }
                for index, line in enumerate(chosen)
            ],
        },
        "openTextField": None,
        "paymentData": None,
    } | facts


def _placed_item(line: Line) -> dict[str, Any]:
    tags = [{"name": "discount@price-1#2", "value": -line.discount, "rawValue": -0.01}]
    bundle = [{"type": "Gift", "id": 1, "name": "Gift", "price": line.services, "quantity": 1}]
    return {
        "id": line.ref,
        "quantity": line.quantity,
        "seller": "acme",
        "commission": 0,
        "freightCommission": 0,
        "price": line.price,
        "bundleItems": bundle if line.services else [],
        "itemsAttachment": [],
        "attachments": [],
        "priceTags": tags if line.discount else [],
        "measurementUnit": "un",
        "unitMultiplier": 1,
        "isGift": False,
    }
