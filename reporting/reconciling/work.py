"""The reconciliation as long work."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jobs.models import Job
from jobs.progress import Progress
from jobs.registry import JobFailed, Result, job
from reporting.models import Reconciliation
from reporting.reconciling.running import Reconciler

KIND = "reconciliation"


@job(
    KIND,
    title=gettext_lazy("Orders compared with the marketplace"),
    permission="reporting.see_reports",
    onward=lambda job: reverse("admin:reconciliation", args=[job.params["reconciliation"]]),
)
def reconcile(job: Job, progress: Progress) -> Result:
    """`params`: `reconciliation`."""
    found = Reconciliation.objects.select_related("account").filter(pk=job.params["reconciliation"])
    reconciliation = found.first()
    if reconciliation is None:
        raise JobFailed(_("This reconciliation is not kept any more."))
    Reconciler(reconciliation, progress, timezone.now).run()
    return Result()
