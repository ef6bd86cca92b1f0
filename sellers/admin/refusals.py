"""The refusals of use cases in the reader's language; the protocol keeps its English ones."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from sellers.errors import DomainError

_SENTENCES: dict[str, Promise] = {
    "below-held": _("Fewer units than are promised to orders: release or ship those first."),
    "negative-count": _("A count can't be below zero."),
    "reason-missing": _("Say why: a reason is needed."),
    "not-to-be-sent": _("This message is settled: there is nothing to send."),
    "being-sent": _("It is being sent right now. Look again in a minute."),
    "may-have-arrived": _("The marketplace may already have received it."),
    "not-to-be-corrected": _("Only what was refused or given up can be corrected."),
    "too-many-units": _("That is more than any shelf can hold."),
}


def sentence(refusal: DomainError) -> str:
    """What to show staff; a refusal without a sentence of its own says what it says."""
    return str(_SENTENCES.get(refusal.code, refusal.message))
