"""What every screen that takes scans carries along: command barcodes, and the sound's switch."""

from __future__ import annotations

import json
from typing import Any

from django import template

from invoicing import commands
from invoicing.screens.liking import settings_of

register = template.Library()


@register.simple_tag
def command_codes() -> str:
    """Code to name, as JSON; Django escapes it into the attribute."""
    return json.dumps(commands.BY_CODE)


@register.inclusion_tag("packing/_mute.html", takes_context=True)
def mute_button(context: dict[str, Any]) -> dict[str, Any]:
    """Says whether the person on the page wants sound."""
    liked = context.get("liked") or settings_of(context["packer"])
    return {"is_muted": liked.is_muted, "csrf_token": context["csrf_token"]}
