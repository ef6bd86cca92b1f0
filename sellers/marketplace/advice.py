"""Where a message stands and what a person can do about it, in the reader's language."""

from __future__ import annotations

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from sellers.marketplace.models import DeliveryAttempt, OutboxMessage

Status, Applied, Kind = OutboxMessage.Status, OutboxMessage.Applied, OutboxMessage.Kind
Outcome = DeliveryAttempt.Outcome


class Standing(NamedTuple):
    """`colour` is info, success, warning or danger; `sign` says the same without colour."""

    sign: str
    words: str
    colour: str


_COLOURS = {
    Status.PENDING: ("…", "info"),
    Status.DELIVERED: ("✓", "success"),
    Status.REJECTED: ("✕", "danger"),
    Status.EXHAUSTED: ("✕", "danger"),
    Status.UNAUTHORISED: ("✕", "danger"),
    Status.SUPERSEDED: ("–", "warning"),
}
_NEXT_STEPS: dict[str, Promise] = {
    Status.PENDING: _("It is sent by itself; nothing to do."),
    Status.DELIVERED: _("The marketplace has it; nothing to do."),
    Status.EXHAUSTED: _("The marketplace could not be reached for a day. Resend when it is back."),
    Status.UNAUTHORISED: _(
        "The marketplace refused our app key, and everything else of this account waits. Correct "
        "the key in the seller account, then resend."
    ),
    Status.SUPERSEDED: _("It is not needed any more; nothing to do."),
}
_MISSING = _(
    "The marketplace accepted it, but its order does not show it. Look at the order there. Resend "
    "if it is not to be seen: it is looked for once more before it is sent. Dismiss if all is well."
)
_WAITING = _("The marketplace accepted it. Whether its order shows it is being looked up.")
_REFUSED = _(
    "The marketplace refused it. Read its answer below; once the cause is mended, resend, or "
    "dismiss it with the reason."
)
_REFUSED_WITH: dict[int | None, Promise] = {
    400: _(
        "The marketplace does not accept what it says. Read its answer below, correct it and send "
        "it again, or dismiss it with the reason."
    ),
    403: _(
        "Our app key may not do this. Have the marketplace grant it (invoices: “Notify invoice”, "
        "returns: “Notify refund”, cancellations: “Cancel order”), then resend."
    ),
    404: _(
        "The marketplace does not know this order or invoice. Check that the account's marketplace "
        "address and app key are of the same marketplace, then resend."
    ),
    409: _(
        "The order is in a state at the marketplace that does not allow this. Look at the order "
        "there; resend once it has moved on, or dismiss it with the reason."
    ),
}
_MISDIRECTED = _(
    "The order names an address we do not call. If it is the marketplace's own, add its host to "
    "the seller account, then resend."
)


def standing_of(message: OutboxMessage) -> Standing:
    """Its status, with the second tick: whether the order shows what was accepted."""
    if message.applied == Applied.MISSING:
        return Standing("✓✕", message.get_applied_display(), "danger")
    if message.status == Status.DELIVERED and message.applied == Applied.APPLIED:
        return Standing("✓✓", gettext("accepted, and seen in the order"), "success")
    sign, colour = _COLOURS[Status(message.status)]
    return Standing(sign, message.get_status_display(), colour)


def next_step(message: OutboxMessage) -> str:
    """What to do about it; one query for a message that was refused."""
    if message.applied == Applied.MISSING:
        return str(_MISSING)
    if message.applied == Applied.WAITING:
        return str(_WAITING)
    if message.status != Status.REJECTED:
        return str(_NEXT_STEPS[message.status])
    last = message.attempts.order_by("-id").first()
    if last is not None and last.outcome == Outcome.MISDIRECTED:
        return str(_MISDIRECTED)
    return str(_REFUSED_WITH.get(last.http_status if last else None, _REFUSED))


def translated(words: str) -> str:
    """Reasons of our own in the reader's language; the marketplace's words as they came."""
    return gettext(words) if words else ""
