"""The packing screens' addresses, below the admin's page of packages."""

from __future__ import annotations

from django.contrib.admin import AdminSite
from django.urls import URLPattern, path

from invoicing.screens.count_urls import count_urls
from invoicing.screens.liking import like
from invoicing.screens.manifest import desk as manifest_desk
from invoicing.screens.manifest import gesture as manifest_gesture
from invoicing.screens.manifest import manifest as manifest_page
from invoicing.screens.manifest import paper as manifest_paper
from invoicing.screens.manifest import printed as manifest_printed
from invoicing.screens.manifest import state as manifest_state
from invoicing.screens.paper import batch, label, label_style, print_package, printed
from invoicing.screens.pick_urls import pick_urls
from invoicing.screens.queue import queue
from invoicing.screens.return_confirm import return_confirm
from invoicing.screens.return_order import return_order
from invoicing.screens.returns import desk
from invoicing.screens.sheet import sheet
from invoicing.screens.slip import slip
from invoicing.screens.table import gesture, state, table
from invoicing.screens.tracking import preview as tracking_preview
from invoicing.screens.tracking import upload as tracking_upload


def screen_urls(site: AdminSite) -> list[URLPattern]:
    """Every one of them behind the admin's sign-in."""
    inside = site.admin_view
    return [
        path("queue/", inside(queue), name="packing_queue"),
        *pick_urls(inside),
        *count_urls(inside),
        path("commands/", inside(sheet), name="packing_commands"),
        path("settings/", inside(like), name="packing_settings"),
        path("returns/", inside(desk), name="returns_desk"),
        path("returns/<str:seller_order_id>/", inside(return_order), name="return_order"),
        path(
            "returns/<str:seller_order_id>/confirm/<slug:key>/",
            inside(return_confirm),
            name="return_confirm",
        ),
        path("pack/<str:seller_order_id>/", inside(table), name="packing_order"),
        path("pack/<str:seller_order_id>/state/", inside(state), name="packing_state"),
        path("pack/<str:seller_order_id>/do/", inside(gesture), name="packing_gesture"),
        path("pack/<str:seller_order_id>/slip/<int:number>/", inside(slip), name="packing_slip"),
        path("pack/<str:seller_order_id>/label/<int:number>/", inside(label), name="packing_label"),
        path(
            "pack/<str:seller_order_id>/print/<int:number>/",
            inside(print_package),
            name="packing_print_package",
        ),
        path("manifests/", inside(manifest_desk), name="manifest_desk"),
        path("manifests/<int:manifest_id>/", inside(manifest_page), name="manifest_page"),
        path("manifests/<int:manifest_id>/do/", inside(manifest_gesture), name="manifest_gesture"),
        path("manifests/<int:manifest_id>/state/", inside(manifest_state), name="manifest_state"),
        path("manifests/<int:manifest_id>/paper/", inside(manifest_paper), name="manifest_paper"),
        path("manifests/<int:manifest_id>/print/", inside(manifest_printed), name="manifest_print"),
        path("tracking/", inside(tracking_upload), name="tracking_upload"),
        path("tracking/<int:job_id>/", inside(tracking_preview), name="tracking_preview"),
        path("paper/", inside(batch), name="paper_batch"),
        path("paper/print/<int:print_id>/", inside(printed), name="packing_print"),
        path("paper/label-<int:account_id>.css", inside(label_style), name="packing_label_style"),
    ]
