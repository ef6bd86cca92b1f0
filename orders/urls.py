"""Below an account's base address. VTEX may or may not add a slash, and sellers register bases
with and without /api; nothing is ever redirected, as that would lose the body."""

from django.urls import re_path

from orders import views

_ORDER = r"^(?:api/)?pvt/orders/(?P<order_id>[^/]+)"

urlpatterns = [
    re_path(r"^(?:api/)?pvt/orders/?$", views.PlaceOrders.as_view(), name="place-orders"),
    re_path(_ORDER + r"/fulfill/?$", views.FulfillOrder.as_view(), name="fulfill-order"),
    re_path(_ORDER + r"/cancel/?$", views.CancelOrder.as_view(), name="cancel-order"),
    re_path(r"^(?:api/)?hook/?$", views.Hook.as_view(), name="hook"),
    re_path(r"", views.NothingHere.as_view(), name="nothing-here"),
]
