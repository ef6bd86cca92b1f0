"""Orders whose money needs a person, kept by the database."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Abs
from django.utils.translation import gettext_lazy as _

from orders.models import Order
from reporting.figures import CAUSES, TO_MEND


class Difference(models.Model):
    """An order whose money needs a person. Written by the database's own triggers alone
    (`reporting.keeping`): a row for each such order, none for the others.

    `cents` is the amount nothing explains, seen from us: above zero, the marketplace pays more
    than is invoiced.
    """

    # The database itself deletes the row with its order: triggers may write it anew in between.
    order = models.OneToOneField(
        Order,
        on_delete=models.DO_NOTHING,
        primary_key=True,
        db_constraint=False,
        related_name="difference",
        verbose_name=_("order"),
    )
    cents = models.BigIntegerField(_("difference, cents"))
    cause = models.CharField(
        _("cause"), max_length=12, choices=[(str(cause), CAUSES[cause]) for cause in TO_MEND]
    )

    class Meta:
        verbose_name = _("difference")
        verbose_name_plural = _("differences")
        ordering = ["-order"]
        default_permissions = ()
        permissions = [("see_reports", _("Can see reports"))]
        indexes = [
            models.Index(fields=["cause", "-order"], name="difference_by_cause"),
            models.Index(Abs("cents").desc(), name="difference_by_size"),
        ]

    def __str__(self) -> str:
        return f"{self.cents} {self.cause}"
