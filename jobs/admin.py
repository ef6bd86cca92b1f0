"""Long work as people see it: their own list, a page that lives, the result, stop and again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from jobs import asking, files
from jobs.models import Job
from jobs.telling import COLOURS, may_open, onward, progress_of, state_of, title_of, told

if TYPE_CHECKING:
    from sellers.models import User


@admin.register(Job)
class JobAdmin(ModelAdmin):
    paginator = InfinitePaginator
    show_full_result_count = False
    list_per_page = 50
    list_fullwidth = True
    list_display = ("what", "state", "how_far", "asked")
    list_filter = ("status",)
    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Job | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Job | None = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Job | None = None) -> bool:
        allowed = request.user.has_perm("jobs.view_job")
        return allowed and (obj is None or asking.may_see(obj, request.user))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Job]:
        jobs: QuerySet[Job] = super().get_queryset(request).select_related("asked_by")
        return jobs if request.user.is_superuser else jobs.filter(asked_by=request.user.pk)

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        return (*self.list_display, "who") if request.user.is_superuser else self.list_display

    @display(description=gettext_lazy("what"), header=True)
    def what(self, job: Job) -> tuple[str, str]:
        return title_of(job), job.about

    @display(description=gettext_lazy("status"), label=COLOURS)
    def state(self, job: Job) -> tuple[str, str]:
        return job.status, str(job.get_status_display())

    @display(description=gettext_lazy("how far"))
    def how_far(self, job: Job) -> str:
        return progress_of(job)

    @display(description=gettext_lazy("asked"), ordering="id")
    def asked(self, job: Job) -> str:
        return told(job.created_at)

    @display(description=gettext_lazy("asked by"))
    def who(self, job: Job) -> str:
        return str(job.asked_by or "–")

    # --- addresses

    def get_urls(self) -> list[URLPattern]:
        inside = self.admin_site.admin_view
        return [
            path("<int:job_id>/state/", inside(self.state_view), name="jobs_job_state"),
            path("<int:job_id>/result/", inside(self.result_view), name="jobs_job_result"),
            path("<int:job_id>/cancel/", inside(self.cancel_view), name="jobs_job_cancel"),
            path("<int:job_id>/again/", inside(self.again_view), name="jobs_job_again"),
            *super().get_urls(),
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """How far it is and what came out, on a page of its own instead of a form."""
        job = self._job(request, object_id)
        context = {
            **self.admin_site.each_context(request),
            "title": title_of(job),
            "opts": self.opts,
            "job": job,
            "state": state_of(job),
            "colour": COLOURS[job.status],
            "asked": told(job.created_at),
            "unnamed_problems": job.problem_count - len(job.problems),
            "opens": may_open(job),
            "onward": onward(job),
        }
        return TemplateResponse(request, "admin/jobs/job/page.html", context)

    @method_decorator(require_GET)
    def state_view(self, request: HttpRequest, job_id: int) -> HttpResponse:
        """Asked for by the page about once a second."""
        return JsonResponse(state_of(self._job(request, job_id)))

    @method_decorator(require_GET)
    def result_view(self, request: HttpRequest, job_id: int) -> FileResponse:
        """The file. Only what a browser shows without running anything opens in it."""
        job = self._job(request, job_id)
        file = files.path_of(job.result)
        if file is None:
            raise Http404(_("The result is not kept any more."))
        inside = may_open(job) and "open" in request.GET
        response = FileResponse(file.open("rb"), as_attachment=not inside, filename=job.result_name)
        patch_cache_control(response, private=True, no_store=True)
        return response

    @method_decorator(require_POST)
    def cancel_view(self, request: HttpRequest, job_id: int) -> HttpResponse:
        asking.cancel(self._job(request, job_id), user=_who(request), now=timezone.now())
        return redirect("admin:jobs_job_change", job_id)

    @method_decorator(require_POST)
    def again_view(self, request: HttpRequest, job_id: int) -> HttpResponse:
        job = self._job(request, job_id)
        if job.source_name and files.path_of(job.source) is None:
            messages.error(request, _("The file given is not kept any more: give it again."))
            return redirect("admin:jobs_job_change", job_id)
        new = asking.again(job, user=_who(request), now=timezone.now())
        return redirect("admin:jobs_job_change", new.pk)

    def _job(self, request: HttpRequest, job_id: int | str) -> Job:
        """Another person's is not there, rather than forbidden."""
        if not request.user.has_perm("jobs.view_job"):
            raise PermissionDenied
        known = str(job_id).isdecimal() and len(str(job_id)) < 19
        job = Job.objects.select_related("asked_by").filter(pk=job_id).first() if known else None
        if job is None or not asking.may_see(job, request.user):
            raise Http404
        return job


def _who(request: HttpRequest) -> User:
    """The admin lets nobody else in."""
    if isinstance(request.user, AnonymousUser):
        raise PermissionDenied
    return request.user


def page_of(job: Job) -> str:
    """Where a job is watched: screens lead there after they have asked for one."""
    return reverse("admin:jobs_job_change", args=[job.pk])
