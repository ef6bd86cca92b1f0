"""The admin site: where people land, and in which order things are listed."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, URLResolver, reverse
from django.utils.translation import gettext_lazy as _
from unfold.sites import UnfoldAdminSite

from config.menu import link_or_none


class PortalSite(UnfoldAdminSite):
    index_title = _("Today")

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Screens that belong to no table come first: the last of Django's own takes all."""
        from reporting.urls import screen_urls

        return [*screen_urls(self), *super().get_urls()]

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Who only packs lands on the queue; everybody else, and who asked for a page, there."""
        response: HttpResponse = super().login(request, extra_context)
        goes_home = response.get("Location") == reverse(f"{self.name}:index")
        queue = link_or_none("admin:packing_queue")
        return redirect(queue) if goes_home and queue and _only_packs(request) else response


def _only_packs(request: HttpRequest) -> bool:
    user = request.user
    return user.has_perm("orders.pack_order") and not user.has_perm("orders.view_money")
