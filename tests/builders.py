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
from sellers import stock
from sellers.models import SellerAccount, Sku, StockLevel, User, Warehouse

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
    order.payment_value_cents = sum(row.total_cents for row in rows) if pays is None else pays
    order.save(update_fields=["payment_value_cents"])
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
        stock.hold(
            seller_order_id=order.seller_order_id, wants=wants, expires_at=None, now=now
        )


def staff(username: str = "ana", *, role: str = "Warehouse", **facts: Any) -> User:
    """A member of staff in one of the roles, with the password `password`."""
    user = User.objects.create_user(username, password="password", is_staff=True, **facts)
    user.groups.add(Group.objects.get(name=role))
    return user
