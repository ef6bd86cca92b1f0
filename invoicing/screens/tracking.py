"""A carrier's table of tracking numbers: given, looked through, entered once somebody agrees."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.admin import site
from django.core.exceptions import PermissionDenied
from django.core.files.base import File
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods
from unfold.widgets import UnfoldAdminFileFieldWidget

from invoicing import tracking_file
from invoicing.jobs import TRACKING_IMPORT, TRACKING_PREVIEW
from invoicing.models import Carrier
from invoicing.screens.access import packer
from invoicing.tracking_import import Outcome
from jobs import asking
from jobs.admin import page_of
from jobs.asking import enqueue
from jobs.files import path_of
from jobs.models import Job
from sellers.errors import DomainError

#: What each column is for, in the order the screen tells them.
COLUMNS = {
    "package": gettext_lazy("package"),
    "invoice": gettext_lazy("invoice"),
    "order": gettext_lazy("order"),
    "tracking": gettext_lazy("tracking number"),
    "carrier": gettext_lazy("carrier"),
    "url": gettext_lazy("tracking address"),
    "dispatched": gettext_lazy("handed over on"),
    "delivered": gettext_lazy("delivered on"),
}


class UploadForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("CSV or XLSX"),
        widget=UnfoldAdminFileFieldWidget({"accept": ".csv,.txt,.xlsx"}),
    )
    carrier = forms.ModelChoiceField(
        Carrier.objects.filter(is_active=True),
        label=gettext_lazy("Whose file is it?"),
        required=False,
        empty_label=gettext_lazy("the rows say it"),
    )

    def clean_file(self) -> File[bytes]:
        """Size and columns at once: nobody waits for a worker to hear of a wrong file."""
        file: File[bytes] = self.cleaned_data["file"]
        if file.size is None or file.size > tracking_file.LARGEST:
            raise forms.ValidationError(_("The file is larger than 10 MB."))
        try:
            tracking_file.read(file)
        except DomainError as refusal:
            raise forms.ValidationError(refusal.message) from None
        file.seek(0)
        return file


@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """Gives the file to be looked through. Nothing is entered yet."""
    if not packer(request).has_perm("orders.pack_order"):
        raise PermissionDenied
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        chosen, file = form.cleaned_data["carrier"], form.cleaned_data["file"]
        with transaction.atomic():
            job = enqueue(
                TRACKING_PREVIEW,
                {"carrier": chosen.name if chosen else ""},
                user=packer(request),
                now=timezone.now(),
                about=str(file.name),
                source=file,
            )
        return redirect(page_of(job))
    context: dict[str, Any] = {
        **site.each_context(request),
        "title": _("Tracking file"),
        "form": form,
        "headings": [
            (name, ", ".join(tracking_file.HEADINGS[key][:6])) for key, name in COLUMNS.items()
        ],
    }
    return render(request, "admin/tracking/upload.html", context)


@require_http_methods(["GET", "POST"])
def preview(request: HttpRequest, job_id: int) -> HttpResponse:
    """What would happen; with POST it does."""
    job = get_object_or_404(Job, pk=job_id, kind=TRACKING_PREVIEW, status=Job.Status.DONE)
    if not asking.may_see(job, packer(request)):
        raise Http404
    saved = (job.cursor or {}).get("at", {})
    if request.method == "POST" and path_of(job.source):
        return _enter(request, job)
    counts = saved.get("counts", {})
    changes = sum(counts.get(each, 0) for each in (Outcome.NEW, Outcome.OTHER, Outcome.DELIVERED))
    context: dict[str, Any] = {
        **site.each_context(request),
        "title": _("Tracking file"),
        "job": job,
        "is_kept": path_of(job.source) is not None,
        "counts": [(each, each.label, counts.get(each, 0)) for each in Outcome],
        "changes": changes,
        "columns": [
            (COLUMNS[key], name) for key, name in saved.get("columns", {}).items() if key in COLUMNS
        ],
        "sample": saved.get("sample", []),
    }
    return render(request, "admin/tracking/preview.html", context)


@transaction.atomic
def _enter(request: HttpRequest, job: Job) -> HttpResponse:
    """The same file, so that what was seen is what is entered."""
    new = enqueue(
        TRACKING_IMPORT,
        job.params,
        user=packer(request),
        now=timezone.now(),
        about=job.about,
        source=job.source,
    )
    Job.objects.filter(pk=new.pk).update(source_name=job.source_name)
    return redirect(page_of(new))
