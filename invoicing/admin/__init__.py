"""Packages and invoices for reading, the series for setting; packing happens on its screens."""

from invoicing.admin.invoices import InvoiceAdmin, InvoiceSeriesAdmin
from invoicing.admin.packages import PackageAdmin

__all__ = ["InvoiceAdmin", "InvoiceSeriesAdmin", "PackageAdmin"]
