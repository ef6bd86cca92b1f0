"""Alarms of the stock audit, to be read."""

from __future__ import annotations

from django.contrib import admin
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from sellers.admin.base import PortalAdmin, ReadOnly, local
from sellers.models import StockAudit


@admin.register(StockAudit)
class StockAuditAdmin(ReadOnly, PortalAdmin):
    list_display = ("account", "total", "found", "last_seen", "resolved")
    list_select_related = ("account",)
    list_filter = ("account", ("resolved_at", admin.EmptyFieldListFilter))
    actions = None
    fields = (("account", "total"), ("found", "last_seen", "resolved"), "what_differs")
    readonly_fields = ("found", "last_seen", "resolved", "what_differs")

    @display(description=_("found"), ordering="id")
    def found(self, audit: StockAudit) -> str:
        return local(audit.found_at, audit.account.zone)

    @display(description=_("last seen"))
    def last_seen(self, audit: StockAudit) -> str:
        return local(audit.last_seen_at, audit.account.zone)

    @display(description=_("resolved"))
    def resolved(self, audit: StockAudit) -> str:
        return local(audit.resolved_at, audit.account.zone)

    @display(description=_("what differs"))
    def what_differs(self, audit: StockAudit) -> str:
        return format_html_join("", "<div>{}</div>", ((row,) for row in audit.differences))
