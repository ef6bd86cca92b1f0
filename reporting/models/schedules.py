"""Reports that are sent by e-mail, again and again; and each letter."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from jobs.models import Job


class ReportSchedule(models.Model):
    """A report with its filters, when it is made, and who gets it.

    `asked` is what the report's filters read. Times are on the clocks of the first account.
    """

    class Cadence(models.TextChoices):
        DAILY = "daily", _("every day")
        WEEKLY = "weekly", _("every week")
        MONTHLY = "monthly", _("every month")

    class Weekday(models.IntegerChoices):
        MONDAY = 0, _("Monday")
        TUESDAY = 1, _("Tuesday")
        WEDNESDAY = 2, _("Wednesday")
        THURSDAY = 3, _("Thursday")
        FRIDAY = 4, _("Friday")
        SATURDAY = 5, _("Saturday")
        SUNDAY = 6, _("Sunday")

    name = models.CharField(_("name"), max_length=100)
    report = models.SlugField(_("report"), db_index=False)
    asked = models.JSONField(_("filters"), default=dict, blank=True)
    format = models.CharField(_("kind of file"), max_length=10)
    language = models.CharField(_("language"), max_length=10, editable=False)
    cadence = models.CharField(
        _("how often"), max_length=10, choices=Cadence.choices, default=Cadence.WEEKLY
    )
    weekday = models.PositiveSmallIntegerField(
        _("day of the week"),
        choices=Weekday.choices,
        default=Weekday.MONDAY,
        help_text=_("When it is sent every week."),
    )
    day = models.PositiveSmallIntegerField(
        _("day of the month"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(28)],
        help_text=_("When it is sent every month; 28 at most, as every month has that day."),
    )
    hour = models.PositiveSmallIntegerField(
        _("hour"), default=7, validators=[MaxValueValidator(23)], help_text=_("0 to 23.")
    )
    recipients = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        related_name="+",
        verbose_name=_("recipients"),
        help_text=_("Staff who may see reports and money, and have an e-mail address."),
    )
    is_active = models.BooleanField(_("active"), default=True)
    next_at = models.DateTimeField(_("next"), editable=False)
    last_at = models.DateTimeField(_("last"), null=True, editable=False)

    class Meta:
        verbose_name = _("scheduled report")
        verbose_name_plural = _("scheduled reports")
        ordering = ["name"]
        indexes = [
            models.Index(
                fields=["next_at"], name="report_schedule_due", condition=Q(is_active=True)
            )
        ]

    def __str__(self) -> str:
        return self.name


class ReportLetter(models.Model):
    """One file for one person. Whoever it was sent to may fetch the file as long as it is kept."""

    class Status(models.TextChoices):
        WAITING = "waiting", _("waiting")
        SENT = "sent", _("sent")
        REFUSED = "refused", _("not sent: they may not see it any more")
        FAILED = "failed", _("could not be sent")

    schedule = models.ForeignKey(
        ReportSchedule,
        on_delete=models.CASCADE,
        related_name="letters",
        verbose_name=_("scheduled report"),
    )
    job = models.ForeignKey(
        Job, on_delete=models.CASCADE, related_name="+", verbose_name=_("long work")
    )
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name=_("recipient"),
    )
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.WAITING
    )
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    tried_at = models.DateTimeField(_("last tried"), null=True)

    class Meta:
        verbose_name = _("sent report")
        verbose_name_plural = _("sent reports")
        ordering = ["-id"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["job", "recipient"], name="one_letter_per_recipient")
        ]
        indexes = [
            models.Index(fields=["id"], name="report_letter_waiting", condition=Q(status="waiting"))
        ]

    def __str__(self) -> str:
        return f"{self.schedule_id} / {self.recipient_id}"
