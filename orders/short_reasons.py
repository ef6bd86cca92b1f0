"""Why units that the books have could not be picked."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class ShortReason(models.TextChoices):
    """Codes are stable; OTHER is said in words of one's own."""

    NOT_THERE = "not-there", _("not on the shelf")
    TOO_FEW = "too-few", _("too few on the shelf")
    DAMAGED = "damaged", _("damaged")
    OTHER_ITEM = "other-item", _("another item lies there")
    OTHER = "other", _("another reason")


def told(code: str, words: str) -> str:
    """The reason chosen, and what was written beside it."""
    chosen = "" if code == ShortReason.OTHER else str(ShortReason(code).label)
    return ": ".join(filter(None, (chosen, words)))
