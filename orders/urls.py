"""Below an account's base address. VTEX may or may not add a slash, and sellers register bases
with and without /api; nothing is ever redirected, as that would lose the body."""

from django.urls import re_path

from orders import change_views, views

# PostgreSQL holds no NUL: an id with one names nothing.
_ORDER = r"^(?:api/)?pvt/orders/(?P<order_id>[^/\0]+)"
#: Which of the two the marketplace calls for changes is written nowhere.
_CHANGES = r"^(?:api/)?(?:pvt|order-system)/orders/(?P<order_id>[^/\0]+)/changes"
_CHANGE = _CHANGES + r"/(?P<change_id>[^/\0]+)"

urlpatterns = [
    re_path(r"^(?:api/)?pvt/orders/?$", views.PlaceOrders.as_view(), name="place-orders"),
    re_path(_ORDER + r"/fulfill/?$", views.FulfillOrder.as_view(), name="fulfill-order"),
    re_path(_ORDER + r"/cancel/?$", views.CancelOrder.as_view(), name="cancel-order"),
    re_path(_CHANGES + r"/?$", change_views.Changes.as_view(), name="changes"),
    re_path(_CHANGES + r"/preview/?$", change_views.Preview.as_view(), name="preview-change"),
    re_path(
        _CHANGE + r"/send-agreement/?$", change_views.Agreement.as_view(), name="agree-to-change"
    ),
    re_path(_CHANGE + r"/cancel/?$", change_views.Cancel.as_view(), name="cancel-change"),
    re_path(r"^(?:api/)?hook/?$", views.Hook.as_view(), name="hook"),
    re_path(r"", views.nothing_here, name="nothing-here"),
]
