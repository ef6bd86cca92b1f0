"""What paper looks like, and what was printed of it."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from invoicing.models.packages import Package
from sellers.models import SellerAccount


class PaperSettings(models.Model):
    """Sizes and margins of an account's papers, for the printers it has. Without a row: as here."""

    class SlipSize(models.TextChoices):
        A4 = "a4", "A4"
        SMALL = "10x15", _("10 × 15 cm")

    class Resolution(models.IntegerChoices):
        """Of label printers, in dots per millimetre."""

        DPI_152 = 6, "152 dpi"
        DPI_203 = 8, "203 dpi"
        DPI_300 = 12, "300 dpi"
        DPI_600 = 24, "600 dpi"

    class OnClosing(models.TextChoices):
        NOTHING = "", _("nothing")
        SLIP = "slip", _("packing slip")
        LABEL = "label", _("package label")
        BOTH = "slip label", _("packing slip and package label")

    account = models.OneToOneField(
        SellerAccount,
        on_delete=models.CASCADE,
        related_name="paper",
        verbose_name=_("account"),
        primary_key=True,
    )
    sender = models.TextField(
        _("sender on labels"),
        max_length=300,
        blank=True,
        help_text=_("Name and return address, up to five lines. Empty: the account's name."),
    )
    label_width_mm = models.PositiveSmallIntegerField(
        _("label width, mm"),
        default=100,
        validators=[MinValueValidator(50), MaxValueValidator(210)],
    )
    label_height_mm = models.PositiveSmallIntegerField(
        _("label height, mm"),
        default=150,
        validators=[MinValueValidator(50), MaxValueValidator(300)],
    )
    label_margin_mm = models.PositiveSmallIntegerField(
        _("label margin, mm"), default=4, validators=[MaxValueValidator(15)]
    )
    slip_size = models.CharField(
        _("packing slip"), max_length=5, choices=SlipSize.choices, default=SlipSize.A4
    )
    page_margin_mm = models.PositiveSmallIntegerField(
        _("page margin, mm"),
        default=14,
        validators=[MinValueValidator(5), MaxValueValidator(40)],
        help_text=_("Of A4 pages: slips, pick lists, manifests."),
    )
    dots_per_mm = models.PositiveSmallIntegerField(
        _("label printer"), choices=Resolution.choices, default=Resolution.DPI_203
    )

    on_closing = models.CharField(
        _("printed when a package closes"),
        max_length=10,
        blank=True,
        choices=OnClosing.choices,
        default=OnClosing.BOTH,
        help_text=_("At the packing table, unless its packer wants it otherwise there."),
    )

    class Meta:
        verbose_name = _("paper")
        verbose_name_plural = _("paper")

    def __str__(self) -> str:
        return str(self.account)


class Print(models.Model):
    """A paper that was printed: what, by whom, when, and the how-manieth time.

    `subject` names what it was of: a package, a manifest or a pick list.
    """

    class Kind(models.TextChoices):
        LABEL = "label", _("package label")
        SLIP = "slip", _("packing slip")
        FISCAL = "fiscal", _("invoice print")
        PICK_LIST = "pick-list", _("pick list")
        MANIFEST = "manifest", _("manifest")

    class Form(models.TextChoices):
        SCREEN = "html", _("from the screen")
        PDF = "pdf", "PDF"
        ZPL = "zpl", "ZPL"

    kind = models.CharField(_("what"), max_length=10, choices=Kind.choices)
    form = models.CharField(_("form"), max_length=4, choices=Form.choices)
    subject = models.CharField(_("of"), max_length=60)
    package = models.ForeignKey(
        Package,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="prints",
        verbose_name=_("package"),
    )
    copy = models.PositiveIntegerField(_("copy"), help_text=_("1 is the first."))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("who"),
    )
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("print")
        verbose_name_plural = _("prints")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "kind", "copy"], name="one_print_per_copy_number"
            ),
            models.CheckConstraint(condition=Q(copy__gt=0), name="copies_count_from_one"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject} #{self.copy}"
