from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _


class User(AbstractUser):
    """A member of staff. What they may do comes from their roles (Django groups)."""

    language = models.CharField(
        _("language"),
        max_length=10,
        blank=True,
        choices=[("en", _("English")), ("pt-br", _("Brazilian Portuguese"))],
        help_text=_("Empty: the language of the browser."),
    )

    class Meta:
        verbose_name = _("member of staff")
        verbose_name_plural = _("staff")
