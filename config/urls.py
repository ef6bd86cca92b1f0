"""Addresses: the protocol under /api/<endpoint_key>/, staff under /admin/."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from config.health import healthz

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("healthz", healthz),
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/", admin.site.urls),
    path("api/<str:endpoint_key>/", include("simulation.urls")),
    path("api/<str:endpoint_key>/", include("orders.urls")),
]
