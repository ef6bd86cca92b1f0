"""Scheduled reports as people set them up, and the file that a letter leads to."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone, translation
from django.utils.cache import patch_cache_control
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from jobs import files
from reporting import mailing, scheduling
from reporting.asking import Asking, asked_of
from reporting.declarations import REPORTS, NotUnderstood, may_read
from reporting.exporting_asking import zone_name
from reporting.exporting_files import FORMATS
from reporting.filtering import SPANS
from reporting.models import ReportLetter, ReportSchedule
from sellers.admin.base import NOTHING, PortalAdmin, local, who

_LETTERS = 20


class ScheduleForm(forms.ModelForm[ReportSchedule]):
    """The filters come with the link from the report; a period that moves along can be chosen."""

    #: Who fills it in; set for each request.
    reader: Any = None

    about = forms.CharField(
        label=gettext_lazy("Report"),
        required=False,
        disabled=True,
        widget=UnfoldAdminTextInputWidget,
    )
    report = forms.CharField(widget=forms.HiddenInput)
    asked = forms.CharField(widget=forms.HiddenInput, required=False)
    span = forms.ChoiceField(
        label=gettext_lazy("Period"),
        required=False,
        choices=[("", gettext_lazy("as the filters say")), *SPANS.items()],
        widget=UnfoldAdminSelectWidget,
        help_text=gettext_lazy("Moves along with the calendar, unlike fixed days."),
    )
    format = forms.ChoiceField(
        label=gettext_lazy("Kind of file"),
        choices=[(name, each.title) for name, each in FORMATS.items()],
        widget=UnfoldAdminSelectWidget,
    )

    class Meta:
        model = ReportSchedule
        fields = ("name", "cadence", "weekday", "day", "hour", "recipients", "is_active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["report"] = self.instance.report
            self.initial["asked"] = urlencode(self.instance.asked)
            self.initial["format"] = self.instance.format
        asked = dict(parse_qsl(self.initial.get("asked", "")))
        self.initial["span"] = asked.get("span", "")
        self.initial["about"] = _told(self.initial.get("report", ""), asked)

    def clean_report(self) -> str:
        report = REPORTS.get(self.cleaned_data["report"])
        if report is None or not may_read(report, self.reader):
            raise forms.ValidationError(_("There is no such report."))
        return report.slug

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "report" in cleaned:
            cleaned["asked"] = self._asked(cleaned)
            self._check_recipients(cleaned)
        return cleaned

    def _asked(self, cleaned: dict[str, Any]) -> dict[str, str]:
        given = dict(parse_qsl(cleaned.get("asked", "")))
        if span := cleaned.get("span"):
            given = {**given, "span": span, "since": "", "until": ""}
        try:
            return dict(asked_of(REPORTS[cleaned["report"]], given, now=timezone.now()).asked)
        except NotUnderstood as error:
            raise forms.ValidationError(str(error)) from error

    def _check_recipients(self, cleaned: dict[str, Any]) -> None:
        schedule = ReportSchedule(report=cleaned["report"])
        for user in cleaned.get("recipients", ()):
            if not scheduling.may_receive(schedule, user):
                facts = {"who": user.get_full_name() or user.get_username()}
                told = _("%(who)s may not see reports and money, or has no e-mail address.")
                self.add_error("recipients", told % facts)


@admin.register(ReportSchedule)
class ReportScheduleAdmin(PortalAdmin):
    form = ScheduleForm
    list_display = ("name", "what", "cadence", "shown_next", "shown_last", "is_active")
    search_fields = ("name",)
    readonly_fields = ("can_be_sent", "shown_next", "shown_last", "letters")
    fieldsets = (
        (None, {"fields": ("name", "about", "report", "asked", "span", "format")}),
        (gettext_lazy("When"), {"fields": (("cadence", "hour"), ("weekday", "day"), "is_active")}),
        (gettext_lazy("To whom"), {"fields": ("recipients", "can_be_sent")}),
        (gettext_lazy("So far"), {"fields": (("shown_next", "shown_last"), "letters")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReportSchedule]:
        rows: QuerySet[ReportSchedule] = super().get_queryset(request)
        readable = [slug for slug, report in REPORTS.items() if may_read(report, request.user)]
        return rows.filter(report__in=readable)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fieldsets if obj else self.fieldsets[:-1]

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, **kwargs)
        return type(form.__name__, (form,), {"reader": request.user})

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs["queryset"] = scheduling.readers()
        kwargs["widget"] = UnfoldAdminCheckboxSelectMultipleWidget()
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Comes from a report, with its filters; from elsewhere it leads to the reports."""
        if request.method == "GET" and request.GET.get("report") not in REPORTS:
            messages.info(request, _("Open a report, and choose there to send it regularly."))
            return redirect("admin:reports")
        view: HttpResponse = super().add_view(request, form_url, extra_context)
        return view

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        given = form.cleaned_data
        obj.report, obj.asked, obj.format = given["report"], given["asked"], given["format"]
        if not change:
            obj.language = translation.get_language() or "en"
        obj.next_at = scheduling.next_after(obj, timezone.now())
        super().save_model(request, obj, form, change)

    @display(description=gettext_lazy("report"))
    def what(self, schedule: ReportSchedule) -> str:
        return _told(schedule.report, schedule.asked)

    @display(description=gettext_lazy("next"), ordering="next_at")
    def shown_next(self, schedule: ReportSchedule) -> str:
        return _moment(schedule.next_at) if schedule.is_active else NOTHING

    @display(description=gettext_lazy("last"), ordering="last_at")
    def shown_last(self, schedule: ReportSchedule) -> str:
        return _moment(schedule.last_at)

    @display(description=gettext_lazy("e-mail"))
    def can_be_sent(self, _schedule: ReportSchedule) -> str:
        if mailing.is_set_up():
            return _("It is attached when it is small, else a link is sent.")
        return _("This portal can't send e-mail yet: an administrator has to set EMAIL_URL.")

    @display(description=gettext_lazy("letters"))
    def letters(self, schedule: ReportSchedule) -> SafeString | str:
        found = schedule.letters.select_related("recipient", "job")[:_LETTERS]
        rows = (
            (_moment(one.job.created_at), one.recipient, one.get_status_display()) for one in found
        )
        return (
            format_html_join("", '<span class="portal-line">{} · {} · {}</span>', rows) or NOTHING
        )


def _moment(moment: Any) -> str:
    return local(moment, ZoneInfo(zone_name()))


def _told(slug: str, asked: dict[str, str]) -> str:
    """The report and its filters in words; what can't be understood any more says so itself."""
    report = REPORTS.get(slug)
    if report is None:
        return NOTHING
    try:
        told = Asking(report, asked, timezone.now()).told()
    except NotUnderstood as error:
        return f"{report.title}: {error}"
    filters = "; ".join(f"{label}: {text}" for label, text in told)
    return f"{report.title}: {filters or _('all rows')}"


def letter(request: HttpRequest, letter_id: int) -> FileResponse:
    """The file of a letter, for the one it was sent to, as long as they may see it."""
    found = get_object_or_404(
        ReportLetter.objects.select_related("schedule", "job"),
        pk=letter_id,
        recipient=who(request),
    )
    path = files.path_of(found.job.result)
    if path is None or not scheduling.may_receive(found.schedule, who(request)):
        raise Http404(_("The result is not kept any more."))
    response = FileResponse(path.open("rb"), as_attachment=True, filename=found.job.result_name)
    patch_cache_control(response, private=True, no_store=True)
    return response
