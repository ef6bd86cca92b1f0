"""Keeps the demonstration's passwords, which everybody can read, out of production."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _

from demo.people import PASSWORDS


class RefuseDemoPasswords(BaseBackend):
    """First among production's backends: no later one is asked about such a password."""

    def authenticate(
        self, request: HttpRequest | None, password: str | None = None, **credentials: Any
    ) -> None:
        """Raises PermissionDenied, which ends the attempt, for a password of the demonstration."""
        if password in PASSWORDS:
            raise PermissionDenied


class NotADemoPassword:
    """A password validator: nobody chooses one of them either."""

    def validate(self, password: str, user: object | None = None) -> None:
        if password in PASSWORDS:
            raise ValidationError(self.get_help_text(), code="demo-password")

    def get_help_text(self) -> str:
        return _("Your password can’t be one of the demonstration.")
