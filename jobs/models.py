"""One piece of long work: who asked for what, how far it is, and what came out."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Job(models.Model):
    """Work of a registered kind. Only `jobs.claiming`, `jobs.progress` and `jobs.running` move it.

    `cursor` is what the last checkpoint saved: whoever takes the work over goes on from there.
    Files are private: they lie below MEDIA_ROOT and leave by the download screen alone.
    """

    class Status(models.TextChoices):
        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    OVER = (Status.DONE, Status.FAILED, Status.CANCELLED)

    kind = models.CharField(_("kind"), max_length=60)
    about = models.CharField(_("about"), max_length=200, blank=True)
    params = models.JSONField(_("parameters"), default=dict)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("asked by"),
        help_text=_("Empty: it was due by the clock."),
    )
    language = models.CharField(_("language"), max_length=10)
    time_zone = models.CharField(_("time zone"), max_length=64)
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.WAITING
    )

    done_units = models.PositiveBigIntegerField(_("units done"), default=0)
    total_units = models.PositiveBigIntegerField(_("units in all"), null=True, blank=True)
    note = models.CharField(_("what it is doing"), max_length=200, blank=True)
    cursor = models.JSONField(_("saved so far"), null=True, blank=True)

    source = models.FileField(_("file given"), max_length=200, blank=True)
    source_name = models.CharField(_("name of the file given"), max_length=200, blank=True)
    result = models.FileField(_("result"), max_length=200, blank=True)
    result_name = models.CharField(_("name of the result"), max_length=200, blank=True)
    result_size = models.PositiveBigIntegerField(_("size, bytes"), null=True, blank=True)
    result_sha256 = models.CharField(_("SHA-256"), max_length=64, blank=True)
    result_rows = models.PositiveBigIntegerField(_("rows"), null=True, blank=True)
    problems = models.JSONField(_("problems"), default=list)
    problem_count = models.PositiveIntegerField(_("problems, counted"), default=0)
    error = models.CharField(_("why it failed"), max_length=500, blank=True)

    lease = models.UUIDField(_("lease"), null=True, blank=True, editable=False)
    leased_until = models.DateTimeField(_("leased until"), null=True, blank=True)
    deaths = models.PositiveSmallIntegerField(
        _("workers lost"), default=0, help_text=_("Since it last got further.")
    )
    turn_at = models.DateTimeField(_("in line since"))
    created_at = models.DateTimeField(_("asked"))
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    heartbeat_at = models.DateTimeField(_("last sign of life"), null=True, blank=True)
    cancel_asked_at = models.DateTimeField(_("cancellation asked"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    expires_at = models.DateTimeField(_("kept until"), null=True, blank=True)

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("long work")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status="running", lease__isnull=False, leased_until__isnull=False)
                | (~Q(status="running") & Q(lease__isnull=True)),
                name="only_running_jobs_are_leased",
            ),
            models.CheckConstraint(
                condition=Q(status__in=("waiting", "running"), finished_at__isnull=True)
                | Q(status__in=("done", "failed", "cancelled"), finished_at__isnull=False),
                name="finished_job_has_its_moment",
            ),
        ]
        indexes = [
            models.Index(
                fields=["turn_at", "id"],
                name="job_in_line",
                condition=Q(status__in=("waiting", "running")),
            ),
            models.Index(fields=["asked_by", "-id"], name="job_of_a_person"),
            models.Index(
                fields=["expires_at"], name="job_expires", condition=Q(expires_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def is_over(self) -> bool:
        return self.status in self.OVER

    @property
    def percent(self) -> int | None:
        """Whole percent done, None while the total is not known."""
        if self.status == self.Status.DONE:
            return 100
        if not self.total_units:
            return None
        return min(100, self.done_units * 100 // self.total_units)
