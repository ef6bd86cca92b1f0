"""Each member of staff reads the portal in their own language, on every device."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.views.i18n import set_language

from sellers.models import User


class StaffLanguageMiddleware:
    """The language on the user's account wins; without one, the switch's cookie or the browser.

    On a shared tablet the cookie is whatever the last person chose.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith("/api/"):
            language = getattr(request.user, "language", "")
            if language:
                translation.activate(language)
                request.LANGUAGE_CODE = translation.get_language()
        return self.get_response(request)


def choose_language(request: HttpRequest) -> HttpResponse:
    """The switch: Django's own view sets the cookie; here the choice is kept for other devices."""
    language = request.POST.get("language", "")
    if request.user.is_authenticated and language in dict(settings.LANGUAGES):
        User.objects.filter(pk=request.user.pk).update(language=language)
    return set_language(request)
