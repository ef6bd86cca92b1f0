"""Who takes care of a stuck thing, or until when it may wait. That it is stuck is not kept."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class AttentionMark(models.Model):
    """Staff's mark on one matter of the inbox, found again by its cause, its row and its moment.

    The same thing stuck anew has another `since`: an old mark does not hide it.
    """

    cause = models.CharField(_("cause"), max_length=40)
    about = models.BigIntegerField(_("row"))
    since = models.DateTimeField(_("since"))
    taken_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("taken by"),
    )
    snoozed_until = models.DateTimeField(_("put off until"), null=True, blank=True)
    marked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name=_("who"),
    )
    marked_at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("mark on a stuck matter")
        verbose_name_plural = _("marks on stuck matters")
        constraints = [
            models.UniqueConstraint(fields=["cause", "about"], name="one_mark_per_matter")
        ]

    def __str__(self) -> str:
        return f"{self.cause}:{self.about}"
