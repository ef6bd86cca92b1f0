"""Reconciliations: asking for one, what one came to, and where each row is mended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from jobs.admin import page_of
from jobs.asking import enqueue
from jobs.models import Job
from jobs.telling import progress_of
from reporting.models import ReconciledRow, Reconciliation
from reporting.reconciling.report import REMEDIES, told_run
from reporting.reconciling.work import KIND
from sellers.admin.base import NOTHING, local, who
from sellers.days import require_our_time
from sellers.models import SellerAccount, User
from sellers.money import format_cents

SEES = ("reporting.see_reports", "orders.view_money")
LATEST = 30
#: A year of orders would be read for days.
MOST_DAYS = 92
Kind, Field, Bucket = ReconciledRow.Kind, ReconciledRow.Field, ReconciledRow.Bucket


class AskForm(forms.Form):
    """Whose orders, placed on which days."""

    account = forms.ModelChoiceField(
        SellerAccount.objects.exclude(app_key="").order_by("name"),
        label=gettext_lazy("Account"),
        empty_label=None,
    )
    since = forms.DateField(label=gettext_lazy("Placed from"), validators=[require_our_time])
    until = forms.DateField(label=pgettext_lazy("period", "to"), validators=[require_our_time])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if isinstance(since, date) and isinstance(until, date):
            if since > until:
                self.add_error("until", _("The period ends before it begins."))
            elif (until - since).days >= MOST_DAYS:
                self.add_error("until", _("Choose three months at most."))
        return cleaned


@dataclass(frozen=True)
class Run:
    """A reconciliation of the list."""

    title: str
    link: str
    asked: str
    asked_by: str
    state: str


@dataclass(frozen=True)
class Part:
    """Orders, or rows, of one kind; `cents` in words, and the rows behind it."""

    title: str
    count: int
    cents: str
    link: str
    remedy: str = ""


def _reader(request: HttpRequest) -> User:
    user = who(request)
    if not all(user.has_perm(permission) for permission in SEES):
        raise PermissionDenied
    return user


@require_http_methods(["GET", "POST"])
def reconciliations(request: HttpRequest) -> HttpResponse:
    """The latest, and the form for another."""
    user = _reader(request)
    form = AskForm(request.POST if request.method == "POST" else None, initial=_usual())
    if form.is_bound and form.is_valid():
        return redirect(page_of(_asked(form.cleaned_data, user)))
    runs = Reconciliation.objects.select_related("account", "asked_by", "job")[:LATEST]
    context = {
        **admin.site.each_context(request),
        "title": _("Reconciliation"),
        "form": form,
        "runs": [_run(each) for each in runs],
    }
    return TemplateResponse(request, "admin/reporting/reconciliations.html", context)


def _usual() -> dict[str, date]:
    today = timezone.localdate()
    return {"since": today, "until": today}


@transaction.atomic
def _asked(given: dict[str, Any], user: User) -> Job:
    now, account = timezone.now(), given["account"]
    run = Reconciliation.objects.create(
        account=account,
        since=given["since"],
        until=given["until"],
        asked_by=user,
        asked_at=now,
    )
    run.job = enqueue(
        KIND,
        {"reconciliation": run.pk},
        user=user,
        now=now,
        about=told_run(run),
        time_zone=account.timezone,
    )
    run.save(update_fields=["job"])
    return run.job


def _run(run: Reconciliation) -> Run:
    return Run(
        title=told_run(run),
        link=reverse("admin:reconciliation", args=[run.pk]),
        asked=local(run.asked_at, run.account.zone),
        asked_by=_by(run.asked_by),
        state=_state(run),
    )


def _by(user: User | None) -> str:
    return (user.get_full_name() or str(user)) if user else NOTHING


def _state(run: Reconciliation) -> str:
    if run.finished_at:
        return _("finished %(when)s") % {"when": local(run.finished_at, run.account.zone)}
    return progress_of(run.job) if run.job else _("not finished")


@require_GET
def reconciliation(request: HttpRequest, pk: int) -> HttpResponse:
    """What it came to: orders by outcome, differences by kind, each with its rows."""
    user = _reader(request)
    run = get_object_or_404(
        Reconciliation.objects.select_related("account", "job", "asked_by"), pk=pk
    )
    rows = ReconciledRow.objects.filter(reconciliation=run)
    context = {
        **admin.site.each_context(request),
        "title": _("Reconciliation: %(what)s") % {"what": told_run(run)},
        "run": run,
        "state": _state(run),
        "job_link": _job_link(run, user),
        "outcomes": _outcomes(run, rows),
        "differences": _differences(run, rows),
        "problems": run.job.problems if run.job else [],
    }
    return TemplateResponse(request, "admin/reporting/reconciliation.html", context)


def _job_link(run: Reconciliation, user: User) -> str:
    """To how far it is, or why it ended: for who asked, until it is finished."""
    if run.finished_at or run.job is None or run.job.asked_by_id != user.pk:
        return ""
    return page_of(run.job)


def _outcomes(run: Reconciliation, rows: QuerySet[ReconciledRow]) -> list[Part]:
    found = (
        rows.order_by()
        .values("kind")
        .annotate(orders=Count("marketplace_order_id", distinct=True), cents=Sum("cents"))
    )
    by_kind = {row["kind"]: row for row in found}
    return [
        Part(
            title=str(kind.label),
            count=by_kind[kind]["orders"] if kind in by_kind else 0,
            cents=_amount(run, by_kind[kind]["cents"]) if kind in by_kind else "",
            link=_rows_at(run, kind=kind),
            remedy=str(REMEDIES.get(kind, "")),
        )
        for kind in Kind
        if kind in by_kind or kind in (Kind.MATCHED, Kind.DIFFERS)
    ]


def _differences(run: Reconciliation, rows: QuerySet[ReconciledRow]) -> list[Part]:
    """By what differs and which kind it is; the largest sums first."""
    differing = rows.filter(kind=Kind.DIFFERS).order_by()
    found = differing.values("field", "bucket").annotate(count=Count("pk"), cents=Sum("cents"))
    return [
        Part(
            title=_told(row["field"], row["bucket"]),
            count=row["count"],
            cents=_amount(run, row["cents"]),
            link=_rows_at(run, kind=Kind.DIFFERS, field=row["field"], bucket=row["bucket"]),
            remedy=str(REMEDIES[row["field"]]),
        )
        for row in sorted(found, key=lambda row: (-abs(row["cents"]), row["field"]))
    ]


def _told(field: str, bucket: str) -> str:
    what, kind = str(Field(field).label), str(Bucket(bucket).label)
    says_it = what == kind or bucket in (Bucket.PROGRESS, Bucket.INVOICE)
    return what if says_it else f"{what} · {kind}"


def _amount(run: Reconciliation, cents: int) -> str:
    return format_cents(cents, run.account.currency) if cents else ""


def _rows_at(run: Reconciliation, **filters: str) -> str:
    return f"{reverse('admin:report', args=['reconciliation'])}?" + urlencode(
        {"run": run.pk, **filters}
    )


@require_GET
def reconciled_row(request: HttpRequest, pk: int) -> HttpResponse:
    """To where a row is mended, or to its order."""
    _reader(request)
    row = get_object_or_404(ReconciledRow, pk=pk)
    if row.order_id is None:
        events = reverse("admin:orders_orderevent_changelist")
        return redirect(f"{events}?{urlencode({'q': row.marketplace_order_id})}")
    if request.GET.get("to") != "order":
        place = _PLACES.get(row.field)
        if place is not None and (row.about or place == "admin:cent_ledger"):
            return redirect(place, row.about or row.order_id)
        if row.field == Field.STATUS:
            query = urlencode({"q": row.marketplace_order_id})
            return redirect(f"{reverse('admin:radar')}?{query}")
    return redirect("admin:orders_order_change", row.order_id)


_LEDGER = "admin:cent_ledger"
_PLACES: dict[str, str] = {
    Field.ITEMS: _LEDGER,
    Field.DISCOUNTS: _LEDGER,
    Field.FREIGHT: _LEDGER,
    Field.TOTAL: _LEDGER,
    Field.QUANTITY: _LEDGER,
    Field.INVOICE_MISSING: "admin:sellers_outboxmessage_change",
    Field.INVOICE_VALUE: "admin:sellers_outboxmessage_change",
    Field.TRACKING: "admin:invoicing_package_change",
}
