"""Which order a call means."""

from __future__ import annotations

from orders.models import Order
from sellers.errors import NotFound
from sellers.models import SellerAccount


def by_ours(*, account: SellerAccount, seller_order_id: str) -> Order:
    """The order we gave this id. Raises NotFound."""
    return _require(
        Order.objects.filter(account=account, seller_order_id=seller_order_id).first(),
        seller_order_id,
    )


def by_either(*, account: SellerAccount, path_id: str, marketplace_order_id: str) -> Order:
    """The order a cancellation means: the body's id decides, else ours or theirs in the path.

    Raises NotFound.
    """
    orders = Order.objects.filter(account=account)
    if marketplace_order_id:
        named = orders.filter(marketplace_order_id=marketplace_order_id).first()
        return _require(named, marketplace_order_id)
    ours = orders.filter(seller_order_id=path_id).first()
    return _require(ours or orders.filter(marketplace_order_id=path_id).first(), path_id)


def _require(order: Order | None, named: str) -> Order:
    if order is None:
        raise NotFound("unknown-order", f"There is no order {named[:60]} here.")
    return order
