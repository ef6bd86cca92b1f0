"""Numbers off a form."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext as _

from sellers.errors import DomainError
from sellers.row_ids import is_row_id


def whole(request: HttpRequest, name: str) -> int:
    """A whole number, 0 when nothing is given. Raises DomainError `not-a-number`."""
    text = request.POST.get(name, "").strip()
    if not text:
        return 0
    if not is_row_id(text):
        raise DomainError("not-a-number", _("Give a whole number."))
    return int(text)
