"""Numbers off a form."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext as _

from sellers.errors import DomainError


def whole(request: HttpRequest, name: str) -> int:
    """A whole number, 0 when nothing is given. Raises DomainError `not-a-number`."""
    text = request.POST.get(name, "").strip()
    if not text:
        return 0
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise DomainError("not-a-number", _("Give a whole number."))
    return int(text)
