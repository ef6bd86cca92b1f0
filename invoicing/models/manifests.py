"""What a carrier takes along: packages scanned onto one list, closed when the van leaves."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from invoicing.models.carriers import Carrier
from invoicing.models.packages import Package


class Manifest(models.Model):
    """One hand-over to one carrier. Closed, its packages have left, at `closed_at`."""

    class Status(models.TextChoices):
        OPEN = "open", _("open")
        CLOSED = "closed", _("closed")

    carrier = models.ForeignKey(
        Carrier, on_delete=models.PROTECT, related_name="manifests", verbose_name=_("carrier")
    )
    status = models.CharField(
        _("status"), max_length=6, choices=Status.choices, default=Status.OPEN
    )
    opened_at = models.DateTimeField(_("opened"))
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("opened by"),
    )
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("closed by"),
    )

    class Meta:
        verbose_name = _("manifest")
        verbose_name_plural = _("manifests")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["carrier"],
                name="one_open_manifest_per_carrier",
                condition=Q(status="open"),
            ),
            models.CheckConstraint(
                condition=Q(status="open", closed_at__isnull=True)
                | Q(status="closed", closed_at__isnull=False),
                name="closed_manifest_has_its_moment",
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def code(self) -> str:
        return f"M-{self.pk:06d}"


class ManifestEntry(models.Model):
    """A package on a manifest; on one only. `key` comes from the screen: a repeat counts once.

    `tracking_number` was scanned from the carrier's own label; it is told when the van leaves.
    """

    manifest = models.ForeignKey(
        Manifest, on_delete=models.CASCADE, related_name="entries", verbose_name=_("manifest")
    )
    package = models.OneToOneField(
        Package, on_delete=models.PROTECT, related_name="manifest_entry", verbose_name=_("package")
    )
    key = models.CharField(_("key"), max_length=40, editable=False)
    tracking_number = models.CharField(_("tracking number"), max_length=100, blank=True)
    scanned_at = models.DateTimeField(_("scanned"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("who"),
    )
    handed_over_at = models.DateTimeField(_("handed over"), null=True, blank=True)

    class Meta:
        verbose_name = _("package on a manifest")
        verbose_name_plural = _("packages on manifests")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.manifest_id} / {self.package_id}"
