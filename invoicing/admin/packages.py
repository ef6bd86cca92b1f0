from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from invoicing.models import ManifestEntry, Package, PackageItem
from invoicing.screens.urls import screen_urls
from sellers.admin.base import NOTHING, Badge, PortalAdmin, PortalInline, ReadOnly, local


class PackageItemInline(ReadOnly, PortalInline):
    model = PackageItem
    fields = ("shown_item", "quantity")
    readonly_fields = ("shown_item",)

    @display(description=_("item"))
    def shown_item(self, row: PackageItem) -> str:
        return f"{row.line.name} ({row.line.ref})"

    def get_queryset(self, request: HttpRequest) -> QuerySet[PackageItem]:
        rows: QuerySet[PackageItem] = super().get_queryset(request)
        return rows.select_related("line")


@admin.register(Package)
class PackageAdmin(ReadOnly, PortalAdmin):
    list_display = (
        "order",
        "number",
        "shown_status",
        "shown_closed",
        "closed_by",
        "shown_tracking",
        "shown_dispatched",
    )
    list_select_related = ("order__account", "closed_by")
    list_filter = ("status",)
    ordering = ("-id",)
    search_fields = (
        "order__marketplace_order_id",
        "order__seller_order_id",
        "tracking_number",
    )
    search_help_text = _("The beginning of an order id or a tracking number.")
    inlines = (PackageItemInline,)
    fields = (
        "order",
        "table_link",
        "number",
        "shown_status",
        "weight_g",
        "shown_opened",
        "shown_closed",
        "closed_by",
        "courier",
        "tracking_number",
        "tracking_url",
        "shown_dispatched",
        "shown_manifest",
        "shown_delivered",
    )
    readonly_fields = (
        "table_link",
        "shown_status",
        "shown_opened",
        "shown_closed",
        "shown_dispatched",
        "shown_manifest",
        "shown_delivered",
    )

    @display(
        description=_("status"),
        ordering="status",
        label={Package.Status.OPEN: "warning", Package.Status.CLOSED: "success"},
    )
    def shown_status(self, package: Package) -> Badge:
        return Badge(package.status, package.get_status_display())

    @display(description=_("opened"))
    def shown_opened(self, package: Package) -> str:
        return local(package.opened_at, package.order.account.zone)

    @display(description=_("delivered"))
    def shown_delivered(self, package: Package) -> str:
        return local(package.delivered_at, package.order.account.zone)

    @display(description=_("closed"), ordering="closed_at")
    def shown_closed(self, package: Package) -> str:
        return local(package.closed_at, package.order.account.zone)

    @display(description=_("handed over"), ordering="dispatched_at")
    def shown_dispatched(self, package: Package) -> str:
        return local(package.dispatched_at, package.order.account.zone)

    @display(description=_("manifest"))
    def shown_manifest(self, package: Package) -> SafeString | str:
        entry: ManifestEntry | None = getattr(package, "manifest_entry", None)
        if entry is None:
            return NOTHING
        address = reverse("admin:manifest_page", args=[entry.manifest_id])
        return format_html('<a href="{}">{}</a>', address, entry.manifest.code)

    @display(description=_("tracking"))
    def shown_tracking(self, package: Package) -> str:
        return f"{package.courier} {package.tracking_number}".strip() or NOTHING

    @display(description=_("packing screen"))
    def table_link(self, package: Package) -> SafeString:
        address = reverse("admin:packing_order", args=[package.order.seller_order_id])
        return format_html('<a href="{}">{}</a>', address, _("Open the packing screen"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Package]:
        packages: QuerySet[Package] = super().get_queryset(request)
        return packages.select_related("order__account", "manifest_entry__manifest")

    def get_urls(self) -> list[URLPattern]:
        return [*screen_urls(self.admin_site), *super().get_urls()]
