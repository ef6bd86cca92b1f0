"""Settlement files on the screen: given, looked through, entered once somebody agrees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.files.base import File
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from unfold.widgets import UnfoldAdminFileFieldWidget

from jobs import asking
from jobs.admin import page_of
from jobs.files import path_of
from jobs.models import Job
from reporting.models import SettlementFile, SettlementRow
from reporting.payouts import entering, files, layouts, results
from reporting.payouts.amounts import Style
from reporting.payouts.layouts import FIELDS, Layout
from reporting.payouts.rows_report import SETTLEMENT, told_file
from reporting.payouts.screens import reader
from reporting.payouts.settled import COLOURS, RESULTS
from reporting.payouts.work import ENTER, PERMISSION, PREVIEW
from sellers.admin.base import NOTHING, local
from sellers.errors import DomainError
from sellers.models import SellerAccount, User
from sellers.money import format_cents


class UploadForm(forms.Form):
    account = forms.ModelChoiceField(
        SellerAccount.objects.order_by("name"),
        label=gettext_lazy("Account"),
        empty_label=None,
    )
    file = forms.FileField(
        label=gettext_lazy("CSV or XLSX"),
        widget=UnfoldAdminFileFieldWidget({"accept": ".csv,.txt,.xlsx"}),
    )

    def clean_file(self) -> File[bytes]:
        """Size and headings at once: nobody waits for a worker to hear of a wrong file."""
        file: File[bytes] = self.cleaned_data["file"]
        try:
            files.headings(file)
        except DomainError as refusal:
            raise forms.ValidationError(refusal.message) from None
        file.seek(0)
        return file


class LayoutForm(forms.Form):
    """Which column is which, of those the file has."""

    amounts = forms.ChoiceField(
        choices=Style.choices, label=gettext_lazy("Amounts are written"), required=True
    )
    is_gross = forms.BooleanField(
        label=gettext_lazy("The amount is before the commission"), required=False
    )

    def __init__(self, names: list[str], told: Layout, data: Any = None) -> None:
        initial = {"amounts": told.amounts, "is_gross": told.is_gross, **told.columns}
        super().__init__(data, initial=initial)
        choices = [("", _("– none –")), *((name, name) for name in dict.fromkeys(names) if name)]
        for name, label in reversed(FIELDS.items()):
            self.fields[name] = forms.ChoiceField(
                choices=choices, label=str(label).capitalize(), required=name in ("order", "paid")
            )
        if not told.amounts:
            unsaid = [("", _("– choose –")), *Style.choices]
            self.fields["amounts"] = forms.ChoiceField(
                choices=unsaid, label=_("Amounts are written"), required=True
            )
        self.order_fields([*FIELDS, "is_gross", "amounts"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        chosen = [cleaned[name] for name in FIELDS if cleaned.get(name)]
        if len(set(chosen)) < len(chosen):
            raise forms.ValidationError(_("One column can't say two things."))
        if cleaned.get("is_gross") and not cleaned.get("commission"):
            self.add_error("commission", _("Say which column is the commission."))
        return cleaned

    def layout(self) -> Layout:
        said = self.cleaned_data
        columns = {name: said[name] for name in FIELDS if said.get(name)}
        return Layout(columns=columns, amounts=said["amounts"], is_gross=said["is_gross"])


def _enterer(request: HttpRequest) -> User:
    user = reader(request)
    if not user.has_perm(PERMISSION):
        raise PermissionDenied
    return user


@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest) -> HttpResponseBase:
    """Gives the file to be looked through. Nothing is entered yet."""
    user = _enterer(request)
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        account, file = form.cleaned_data["account"], form.cleaned_data["file"]
        told = layouts.kept(account)
        params = {"account": account.pk, "layout": told.document() if told else None}
        with transaction.atomic():
            job = asking.enqueue(
                PREVIEW,
                params,
                user=user,
                now=timezone.now(),
                about=f"{account.name}: {file.name}",
                source=file,
                time_zone=account.timezone,
            )
        return redirect(page_of(job))
    context = {
        **admin.site.each_context(request),
        "title": _("Settlement file"),
        "form": form,
        "headings": [
            (label, ", ".join(layouts.HEADINGS[name][:6])) for name, label in FIELDS.items()
        ],
    }
    return TemplateResponse(request, "admin/reporting/settlement_upload.html", context)


@require_http_methods(["GET", "POST"])
def preview(request: HttpRequest, job_id: int) -> HttpResponseBase:
    """What would be entered; with POST it is, or it is looked through with other columns."""
    user = _enterer(request)
    job = get_object_or_404(Job, pk=job_id, kind=PREVIEW, status=Job.Status.DONE)
    if not asking.may_see(job, user):
        raise Http404
    account = get_object_or_404(SellerAccount, pk=job.params["account"])
    found: dict[str, Any] = (job.cursor or {}).get("at", {})
    is_kept = path_of(job.source) is not None
    told = Layout(**found["layout"])
    asks_again = request.POST.get("action") == "columns"
    form = LayoutForm(found["names"], told, request.POST if asks_again else None)
    if request.method == "POST" and is_kept:
        if not asks_again and not found["problems"]:
            return _next(job, ENTER, told, user)
        if asks_again and form.is_valid():
            layouts.keep(form.layout(), account=account, now=timezone.now(), actor=user)
            return _next(job, PREVIEW, form.layout(), user)
    context = {
        **admin.site.each_context(request),
        "title": _("Settlement file"),
        "job": job,
        "is_kept": is_kept,
        "form": form,
        "found": found,
        "opens_form": bool(found["problems"]) or form.is_bound,
        "sum": format_cents(found["cents"], account.currency),
        "left_out_sum": format_cents(found["left_out_cents"], account.currency),
        "results": _results(found.get("results", {}), account),
        "sample": [_sampled(row, account) for row in found.get("sample", [])],
    }
    return TemplateResponse(request, "admin/reporting/settlement_preview.html", context)


@transaction.atomic
def _next(job: Job, kind: str, layout: Layout, user: User) -> HttpResponseBase:
    """The same file, so that what was seen is what is entered."""
    new = asking.enqueue(
        kind,
        {**job.params, "layout": layout.document()},
        user=user,
        now=timezone.now(),
        about=job.about,
        source=job.source,
        time_zone=job.time_zone,
    )
    Job.objects.filter(pk=new.pk).update(source_name=job.source_name)
    return redirect(page_of(new))


def _results(
    found: Mapping[str, Any], account: SellerAccount, **asked: Any
) -> list[dict[str, Any]]:
    """In the order of the code, those there are; with `asked` each leads to its rows."""
    base = reverse("admin:report", args=[SETTLEMENT.slug])
    return [
        {
            "title": words,
            "is_late": COLOURS[code] == "danger",
            "rows": found[code]["rows"],
            "cents": format_cents(found[code]["cents"], account.currency),
            "link": f"{base}?{urlencode({**asked, 'result': code})}" if asked else "",
        }
        for code, words in RESULTS.items()
        if code in found
    ]


def _sampled(row: Mapping[str, Any], account: SellerAccount) -> dict[str, Any]:
    cents = {
        name: NOTHING if row[name] is None else format_cents(row[name], account.currency)
        for name in ("paid", "paid_in_all", "expected", "difference")
    }
    return {
        **row,
        **cents,
        "result": RESULTS[row["result"]],
        "is_late": COLOURS[row["result"]] == "danger",
    }


@require_GET
def settlement_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """What came of a file, by result, each with its rows."""
    user = reader(request)
    file = get_object_or_404(SettlementFile.objects.select_related("account", "entered_by"), pk=pk)
    context = {
        **admin.site.each_context(request),
        "title": _("Settlement file"),
        "file": file,
        "told": told_file(file),
        "entered": local(file.entered_at, file.account.zone),
        "sum": format_cents(file.paid_cents, file.account.currency),
        "results": _results(results.results_of(file), file.account, file=file.pk),
        "rows_link": f"{reverse('admin:report', args=[SETTLEMENT.slug])}?file={file.pk}",
        "may_enter": user.has_perm(PERMISSION),
    }
    return TemplateResponse(request, "admin/reporting/settlement_file.html", context)


@require_GET
def settlement_row(request: HttpRequest, pk: int) -> HttpResponseBase:
    """To the cents of the row's order, or to the order; to what was received of an unknown id."""
    reader(request)
    row = get_object_or_404(SettlementRow, pk=pk)
    if row.order_id is None:
        events = reverse("admin:orders_orderevent_changelist")
        return redirect(f"{events}?{urlencode({'q': row.named})}")
    if request.GET.get("to") == "order":
        return redirect("admin:orders_order_change", row.order_id)
    return redirect("admin:cent_ledger", row.order_id)


@require_POST
def take_back(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The file was a mistake: its rows count no more."""
    user = _enterer(request)
    file = get_object_or_404(SettlementFile, pk=pk)
    entering.take_back(file, now=timezone.now(), actor=user)
    messages.success(request, _("“%(name)s” was taken back.") % {"name": file.name})
    return redirect("admin:payouts")
