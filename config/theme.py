"""How the admin looks: brand, colours and the side menu."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": _("Seller portal"),
    "SITE_HEADER": _("Seller portal"),
    "SITE_SYMBOL": "package_2",
    "SHOW_LANGUAGES": True,
}
