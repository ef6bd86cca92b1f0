"""What the dashboard's buttons do."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from reporting.dashboard import counting
from reporting.dashboard.home import SEES
from reporting.models import Scorecard
from sellers.models import SellerAccount


@require_POST
def count_days(request: HttpRequest) -> HttpResponse:
    """The last weeks at once, for who does not want to wait for the clock."""
    if not all(request.user.has_perm(permission) for permission in SEES):
        raise PermissionDenied
    counting.count_recent(now=timezone.now())
    messages.success(request, _("Everything is counted."))
    back = request.POST.get("back", "")
    home = reverse("admin:index")
    return redirect(back if back.startswith(f"{home}?") else home)


@require_GET
def scorecard(request: HttpRequest, account: int) -> HttpResponse:
    """To the account's thresholds; they are made with the first change."""
    get_object_or_404(SellerAccount, pk=account)
    if Scorecard.objects.filter(account=account).exists():
        return redirect("admin:reporting_scorecard_change", account)
    query = urlencode({"account": account})
    return redirect(f"{reverse('admin:reporting_scorecard_add')}?{query}")
