"""How the admin looks: brand and colours. What it offers is in config/menu.py."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.utils.translation import gettext_lazy as _


def mark(request: HttpRequest | None = None) -> str:
    return static("brand/mark.svg")


def stylesheet(request: HttpRequest | None = None) -> str:
    return static("brand/portal.css")


def script(request: HttpRequest | None = None) -> str:
    return static("brand/portal.js")


#: Cool greys and a deep teal: quiet behind the colours that mean something.
COLOURS = {
    "base": {
        "50": "oklch(98.4% .003 220)",
        "100": "oklch(96.3% .005 220)",
        "200": "oklch(92.2% .009 220)",
        "300": "oklch(86.5% .014 220)",
        "400": "oklch(70.2% .022 220)",
        "500": "oklch(54.6% .025 222)",
        "600": "oklch(44.2% .025 224)",
        "700": "oklch(36.6% .025 226)",
        "800": "oklch(27.6% .023 228)",
        "900": "oklch(21.2% .020 230)",
        "950": "oklch(14.5% .016 232)",
    },
    "primary": {
        "50": "oklch(98% .014 182)",
        "100": "oklch(95% .040 182)",
        "200": "oklch(90.5% .070 183)",
        "300": "oklch(84% .100 184)",
        "400": "oklch(75% .110 185)",
        "500": "oklch(66% .105 186)",
        "600": "oklch(53% .090 187)",
        "700": "oklch(46.5% .078 188)",
        "800": "oklch(40% .066 189)",
        "900": "oklch(34.5% .055 190)",
        "950": "oklch(26% .043 191)",
    },
}

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": _("Seller portal"),
    "SITE_HEADER": _("Seller portal"),
    "SITE_ICON": mark,
    "SITE_URL": None,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": mark}],
    "COLORS": COLOURS,
    "BORDER_RADIUS": "8px",
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": False,
    "SHOW_LANGUAGES": True,
    "STYLES": [stylesheet],
    "SCRIPTS": [script],
    "DASHBOARD_CALLBACK": "reporting.dashboard.home.dashboard",
    "COMMAND": {"search_callback": "orders.admin.searching.palette"},
    "SIDEBAR": {
        "show_search": True,
        "command_search": True,
        "navigation": "config.menu.navigation",
    },
}
