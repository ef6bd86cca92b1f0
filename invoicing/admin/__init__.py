"""Packages and invoices for reading, the series for setting; packing happens on its screens."""

from invoicing.admin.carriers import CarrierAdmin
from invoicing.admin.invoices import InvoiceAdmin, InvoiceSeriesAdmin
from invoicing.admin.messages import CorrectableMessageAdmin
from invoicing.admin.packages import PackageAdmin
from invoicing.admin.paper import PaperSettingsAdmin, PrintAdmin
from invoicing.admin.shorts import ShortPickAdmin

__all__ = [
    "CarrierAdmin",
    "CorrectableMessageAdmin",
    "InvoiceAdmin",
    "InvoiceSeriesAdmin",
    "PackageAdmin",
    "PaperSettingsAdmin",
    "PrintAdmin",
    "ShortPickAdmin",
]
