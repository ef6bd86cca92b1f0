"""How a packer likes the table: kept with the person, so that it is there on every device."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from invoicing.models import TableSettings
from invoicing.screens.access import packer, packers_only
from sellers.models import User

_SWITCHES = ("is_muted", "opens_next")


def settings_of(user: User) -> TableSettings:
    """Not saved while nothing was chosen."""
    known = TableSettings.objects.filter(packer=user).first()
    return known or TableSettings(packer=user)


@require_POST
@packers_only
def like(request: HttpRequest) -> HttpResponse:
    """Keeps the settings that the form names; what means nothing is passed over."""
    liked = settings_of(packer(request))
    for name in _SWITCHES:
        if request.POST.get(name) in ("0", "1"):
            setattr(liked, name, request.POST[name] == "1")
    if request.POST.get("prints") in TableSettings.Prints.values:
        liked.prints = request.POST["prints"]
    liked.save()
    if request.headers.get("X-Requested-With") == "fetch":
        return JsonResponse({"is_muted": liked.is_muted})
    back = request.POST.get("next", "")
    known = url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    return redirect(back if known else "admin:packing_queue")
