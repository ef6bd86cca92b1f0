"""Which order a call means."""

from __future__ import annotations

from orders.models import Order
from sellers.errors import Conflict, NotFound
from sellers.models import SellerAccount


def by_ours(*, account: SellerAccount, seller_order_id: str) -> Order:
    """The order we gave this id. Raises NotFound."""
    return _require(
        Order.objects.filter(account=account, seller_order_id=seller_order_id).first(),
        seller_order_id,
    )


def by_either(*, account: SellerAccount, path_id: str, marketplace_order_id: str) -> Order:
    """The order a call means: the body's id decides, else ours or theirs in the path.

    Raises NotFound, and Conflict when the path names another order of the seller's.
    """
    orders = Order.objects.filter(account=account)
    of_path = (
        orders.filter(seller_order_id=path_id).first()
        or orders.filter(marketplace_order_id=path_id).first()
    )
    if not marketplace_order_id:
        return _require(of_path, path_id)
    named = _require(
        orders.filter(marketplace_order_id=marketplace_order_id).first(), marketplace_order_id
    )
    if of_path is not None and of_path.pk != named.pk:
        raise Conflict("other-order", f"{path_id[:60]} is not the order {marketplace_order_id}.")
    return named


def _require(order: Order | None, named: str) -> Order:
    if order is None:
        raise NotFound("unknown-order", f"There is no order {named[:60]} here.")
    return order
