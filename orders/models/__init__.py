"""What we are asked: reservations that become orders, and everything that happens to them."""

from orders.models.changes import OrderChange
from orders.models.history import OrderEvent, TimelineEntry
from orders.models.orders import (
    Order,
    OrderLine,
    PersonalData,
    Schedule,
    new_seller_order_id,
)

__all__ = [
    "Order",
    "OrderChange",
    "OrderEvent",
    "OrderLine",
    "PersonalData",
    "Schedule",
    "TimelineEntry",
    "new_seller_order_id",
]
