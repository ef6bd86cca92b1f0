"""Sending what was made: attached when it is small, else as a link for those it is for."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import F, Q, QuerySet
from django.urls import reverse
from django.utils import translation
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from jobs import files
from jobs.models import Job
from reporting.models import ReportLetter
from reporting.scheduling import may_receive

logger = logging.getLogger(__name__)

#: Mail servers refuse more before long.
ATTACHED_UP_TO = 5 * 1024 * 1024
#: Whoever tried is taken for lost after so long, and the next tries again.
PATIENCE = timedelta(minutes=10)
MOST_TRIES = 6

Status = ReportLetter.Status


def is_set_up() -> bool:
    """Whether this portal can send e-mail at all."""
    return not settings.EMAIL_BACKEND.endswith(".dummy.EmailBackend")


def send_ready(*, now: datetime) -> int:
    """Send every letter whose file is made; how many went out."""
    ready = (
        waiting(now).filter(job__status__in=Job.OVER).select_related("schedule", "job", "recipient")
    )
    return sum(_send(letter, now=now) for letter in ready.order_by("pk")[:100])


def waiting(now: datetime) -> QuerySet[ReportLetter]:
    free = Q(tried_at=None) | Q(tried_at__lte=now - PATIENCE)
    return ReportLetter.objects.filter(free, status=Status.WAITING)


def _send(letter: ReportLetter, *, now: datetime) -> bool:
    """No transaction is open while the mail server is spoken to: the claim is a row of its own."""
    if not waiting(now).filter(pk=letter.pk).update(tried_at=now, tries=F("tries") + 1):
        return False
    if not may_receive(letter.schedule, letter.recipient):
        return _settle(letter, Status.REFUSED)
    try:
        with translation.override(letter.recipient.language or letter.schedule.language):
            _message(letter).send()
    except OSError as trouble:
        # Smtplib's errors are OSErrors.
        logger.warning("Report letter %s could not be sent: %s", letter.pk, trouble)
        return _settle(letter, Status.FAILED) if letter.tries + 1 >= MOST_TRIES else False
    _settle(letter, Status.SENT)
    return True


def _settle(letter: ReportLetter, status: ReportLetter.Status) -> bool:
    ReportLetter.objects.filter(pk=letter.pk, status=Status.WAITING).update(status=status)
    return False


def _message(letter: ReportLetter) -> EmailMessage:
    job, path = letter.job, files.path_of(letter.job.result)
    if job.status != Job.Status.DONE or path is None:
        lines = [_("It could not be made: %(error)s") % {"error": job.error or job.status}]
    else:
        rows = number_format(job.result_rows or 0, force_grouping=True)
        lines = [job.about, _("Rows: %(rows)s") % {"rows": rows}, job.result_name]
    is_small = path is not None and path.stat().st_size <= ATTACHED_UP_TO
    if path is not None and not is_small:
        lines += ["", _("It is too large for an e-mail. Fetch it here:"), address_of(letter)]
    message = EmailMessage(
        subject=f"{letter.schedule.name} · {_('Seller portal')}",
        body="\n".join([*lines, ""]),
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[letter.recipient.email],
    )
    if path is not None and is_small:
        message.attach(job.result_name, path.read_bytes(), files_type(job.result_name))
    return message


def files_type(name: str) -> str:
    if name.endswith(".xlsx"):
        return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return "text/csv"


def address_of(letter: ReportLetter) -> str:
    return f"{settings.PORTAL_URL.rstrip('/')}{reverse('admin:report_letter', args=[letter.pk])}"
