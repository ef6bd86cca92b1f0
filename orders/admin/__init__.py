"""The admin screens of orders: the list, the page of one order, the marketplace's events."""

from orders.admin import events, orders

__all__ = ["events", "orders"]
