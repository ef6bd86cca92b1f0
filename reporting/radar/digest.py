"""The radar by e-mail: how many are stuck for which cause, and what today will miss.

Counts and links only: no ids, no amounts, nothing of a person.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.cache import cache
from django.core.mail import send_mail
from django.urls import reverse
from django.utils import translation
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from reporting.attention.causes import CAUSES
from reporting.attention.inbox import collect, told_count
from reporting.radar import today
from sellers.models import SellerAccount

logger = logging.getLogger(__name__)

#: Longer than a slot lasts, so that none is sent twice.
_REMEMBERED_SECONDS = 6 * 3600


def send_due(*, now: datetime) -> bool:
    """Send the digest if this hour is one of ATTENTION_EMAIL_HOURS, once; whether it was sent."""
    here = now.astimezone(_zone())
    wanted = settings.ATTENTION_EMAILS and here.hour in settings.ATTENTION_EMAIL_HOURS
    if not wanted or not cache.add(_slot(here), "sent", _REMEMBERED_SECONDS):
        return False
    try:
        return send(now=now)
    except OSError as trouble:
        # Smtplib's errors are OSErrors: the next run of this hour tries again.
        cache.delete(_slot(here))
        logger.warning("The digest could not be sent: %s", trouble)
        return False


def _zone() -> ZoneInfo:
    """The clocks of the first account; a portal without accounts has nothing to tell."""
    first = SellerAccount.objects.filter(is_active=True).order_by("slug").first()
    return first.zone if first else ZoneInfo("UTC")


def _slot(here: datetime) -> str:
    return f"radar:digest:{here:%Y%m%d%H}"


def send(*, now: datetime) -> bool:
    """Send it now. A shop where nothing is stuck gets no mail. Raises OSError."""
    with translation.override(settings.LANGUAGE_CODE):
        lines = list(_lines(now))
        if not lines:
            return False
        text = "\n".join([*lines, "", _address("admin:attention"), _address("admin:radar"), ""])
        subject = _("Seller portal: what needs attention")
        send_mail(subject, text, settings.DEFAULT_FROM_EMAIL, settings.ATTENTION_EMAILS)
    return True


def _lines(now: datetime) -> Iterator[str]:
    for each in today.outlooks(now=now):
        if count := len(each.misses):
            words = ngettext(
                "%(warehouse)s: %(count)d order is likely to be late today",
                "%(warehouse)s: %(count)d orders are likely to be late today",
                count,
            )
            yield words % {"warehouse": each.warehouse, "count": count}
    stuck = collect(CAUSES.keys() - {"likely-misses"}, now=now)
    for code in dict.fromkeys(row.cause for row in stuck):
        of_cause = [row for row in stuck if row.cause == code]
        facts = {
            "count": told_count(len(of_cause)),
            "cause": CAUSES[code].title,
            "age": timesince(min(row.since for row in of_cause), now, depth=1),
        }
        yield _("%(count)s × %(cause)s (for %(age)s)") % facts


def _address(name: str) -> str:
    return f"{settings.PORTAL_URL.rstrip('/')}{reverse(name)}"
