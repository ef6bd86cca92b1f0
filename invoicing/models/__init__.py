"""What we pack and say back: packages, their invoices, their tracking, and what comes back."""

from invoicing.models.carriers import Carrier, TrackingEvent
from invoicing.models.counting import CountedSku, CountGesture, StockCount
from invoicing.models.manifests import Manifest, ManifestEntry
from invoicing.models.packages import (
    INVOICE_NUMBER,
    Invoice,
    InvoiceLine,
    InvoiceSeries,
    Package,
    PackageItem,
)
from invoicing.models.paper import PaperSettings, Print
from invoicing.models.picking import Pick, PickGesture, PickList, PickSlot, ShortPick
from invoicing.models.returns import Return, ReturnItem
from invoicing.models.table import Gesture, PackingLease, TableSettings

__all__ = [
    "INVOICE_NUMBER",
    "Carrier",
    "CountGesture",
    "CountedSku",
    "Gesture",
    "Invoice",
    "InvoiceLine",
    "InvoiceSeries",
    "Manifest",
    "ManifestEntry",
    "Package",
    "PackageItem",
    "PackingLease",
    "PaperSettings",
    "Pick",
    "PickGesture",
    "PickList",
    "PickSlot",
    "Print",
    "Return",
    "ReturnItem",
    "ShortPick",
    "StockCount",
    "TableSettings",
    "TrackingEvent",
]
