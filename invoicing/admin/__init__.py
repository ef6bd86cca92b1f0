"""Packages and invoices for reading, the series for setting; packing happens on its screens."""

from invoicing.admin.carriers import CarrierAdmin
from invoicing.admin.invoices import InvoiceAdmin, InvoiceSeriesAdmin
from invoicing.admin.packages import PackageAdmin

__all__ = ["CarrierAdmin", "InvoiceAdmin", "InvoiceSeriesAdmin", "PackageAdmin"]
