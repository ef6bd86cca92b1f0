"""What became of a message at the marketplace, in words a packer can act on."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from sellers.marketplace.advice import translated
from sellers.models import OutboxMessage


@dataclass(frozen=True)
class Fate:
    """`level` is waiting, accepted, refused or void; `detail` the marketplace's own words."""

    level: str
    sign: str
    text: str
    detail: str = ""


def fate_of(message: OutboxMessage) -> Fate:
    status = OutboxMessage.Status(message.status)
    if status == OutboxMessage.Status.DELIVERED:
        return _accepted(message)
    if status == OutboxMessage.Status.SUPERSEDED:
        return Fate("void", "–", _("No longer needed"))
    if status in OutboxMessage.NEEDS_ATTENTION:
        text = _("Refused by the marketplace: tell a manager")
        if status == OutboxMessage.Status.UNAUTHORISED:
            text = _("The marketplace refuses our credentials: tell a manager")
        return Fate("refused", "✕", text, translated(message.last_error))
    if message.attempts_made:
        tried = _("Not through yet after %(count)d attempts; it is tried again by itself")
        words = tried % {"count": message.attempts_made}
        return Fate("waiting", "…", words, translated(message.last_error))
    return Fate("waiting", "…", _("On its way to the marketplace"))


def _accepted(message: OutboxMessage) -> Fate:
    """The first tick: accepted. The second: seen in the marketplace's own order."""
    receipt = _receipt(message.receipt)
    if message.applied == OutboxMessage.Applied.APPLIED:
        return Fate("accepted", "✓✓", _("Accepted, and in the marketplace's order"), receipt)
    if message.applied == OutboxMessage.Applied.MISSING:
        text = _("Accepted, but not in the marketplace's order: tell a manager")
        return Fate("refused", "✓✕", text, receipt)
    return Fate("accepted", "✓", _("Accepted by the marketplace"), receipt)


def _receipt(receipt: str) -> str:
    return _("Receipt %(receipt)s") % {"receipt": receipt} if receipt else ""
