"""What the seller owns, and its line to the marketplace."""

from sellers.marketplace.models import DeliveryAttempt, OutboxMessage, StaffDecision
from sellers.models.accounts import SellerAccount
from sellers.models.audits import StockAudit
from sellers.models.catalogue import CaseBarcode, SalesChannelPrice, Sku
from sellers.models.people import User
from sellers.models.shipping import (
    CapacityUse,
    Closure,
    DeliveryWindow,
    FreightRate,
    PickupPoint,
    PolicyWarehouse,
    ShippingPolicy,
)
from sellers.models.stock import Hold, StockLevel, StockMovement, Warehouse

__all__ = [
    "CapacityUse",
    "CaseBarcode",
    "Closure",
    "DeliveryAttempt",
    "DeliveryWindow",
    "FreightRate",
    "Hold",
    "OutboxMessage",
    "PickupPoint",
    "PolicyWarehouse",
    "SalesChannelPrice",
    "SellerAccount",
    "ShippingPolicy",
    "Sku",
    "StaffDecision",
    "StockAudit",
    "StockLevel",
    "StockMovement",
    "User",
    "Warehouse",
]
