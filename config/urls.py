"""Addresses: the protocol under /api/<endpoint_key>/, staff under /admin/."""

from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from config import refusing
from config.health import healthz
from sellers.language import choose_language

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("healthz", healthz),
    path("i18n/setlang/", choose_language, name="set_language"),
    path("admin/", admin.site.urls),
    path("api/<str:endpoint_key>/", include("simulation.urls")),
    path("api/<str:endpoint_key>/", include("orders.urls")),
    re_path(r"^api(?:/|$)", refusing.nothing_here),
]
handler400 = refusing.bad_request
handler403 = refusing.forbidden
handler404 = refusing.not_found
handler500 = refusing.fault
