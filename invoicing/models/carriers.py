"""Who carries the packages, and what they say on the way."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator, URLValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from invoicing.models.packages import Package

NUMBER_PLACE = "{number}"


def validate_url_template(value: str) -> None:
    """Raises ValidationError unless `value` is a web address with one place for the number."""
    if value.count(NUMBER_PLACE) != 1 or set("{}") & set(value.replace(NUMBER_PLACE, "")):
        raise ValidationError(_("Write {number} once, where the tracking number goes."))
    URLValidator(schemes=["https", "http"])(value.replace(NUMBER_PLACE, "AA123456785BR"))


class Carrier(models.Model):
    """A carrier, for all accounts: how its tracking address is made, and what its numbers are like.

    `number_format` is a mask rather than a regular expression, which could hang on a typed number.
    """

    name = models.CharField(_("name"), max_length=100)
    url_template = models.CharField(
        _("tracking address"),
        max_length=300,
        blank=True,
        validators=[validate_url_template],
        help_text=_("With {number} where the tracking number goes. Empty: none is known."),
    )
    number_format = models.CharField(
        _("number format"),
        max_length=60,
        blank=True,
        validators=[
            RegexValidator(
                r"^[A-Z0-9*-]+( [A-Z0-9*-]+)*$",
                _("Use A for a letter, 9 for a digit, * for either, and a space between formats."),
            )
        ],
        help_text=_(
            "A for a letter, 9 for a digit, * for either; several formats with spaces between. "
            "Empty: any number."
        ),
    )
    has_check_digit = models.BooleanField(
        _("postal check digit"),
        default=False,
        help_text=_("The ninth digit checks the eight before it, as in AA123456785BR."),
    )
    is_active = models.BooleanField(_("offered"), default=True)

    class Meta:
        verbose_name = _("carrier")
        verbose_name_plural = _("carriers")
        ordering = ["name"]
        constraints = [models.UniqueConstraint(Lower("name"), name="one_carrier_per_name")]

    def __str__(self) -> str:
        return self.name


class TrackingEvent(models.Model):
    """Something that happened to a package on its way, as it is told the marketplace."""

    package = models.ForeignKey(
        Package, on_delete=models.CASCADE, related_name="events", verbose_name=_("package")
    )
    at = models.DateTimeField(_("at"))
    description = models.CharField(_("what happened"), max_length=200)
    city = models.CharField(_("city"), max_length=100, blank=True)
    state = models.CharField(_("state"), max_length=60, blank=True)
    recorded_at = models.DateTimeField(_("recorded"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("who"),
    )

    class Meta:
        verbose_name = _("tracking event")
        verbose_name_plural = _("tracking events")
        ordering = ["package", "at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["package", "at", "description", "city", "state"],
                name="one_row_per_tracking_event",
            )
        ]

    def __str__(self) -> str:
        return self.description
