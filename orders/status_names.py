"""The marketplace's statuses in the words of staff; the raw code stays beside them."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

_CREATED = pgettext_lazy("marketplace status", "being created")
_APPROVAL = pgettext_lazy("marketplace status", "waits for an approval")
_PAYMENT = pgettext_lazy("marketplace status", "waits for payment")
_ASKED = pgettext_lazy("marketplace status", "cancellation asked")
_DENIED = pgettext_lazy("marketplace status", "cancellation refused")
_CANCELLED = pgettext_lazy("marketplace status", "cancelled")
_FAILED = pgettext_lazy("marketplace status", "could not be created")
_WAITS = pgettext_lazy("marketplace status", "waits for its turn")

NAMES: dict[str, Promise] = {
    "order-created": _CREATED,
    "order-completed": _CREATED,
    "on-order-completed": _CREATED,
    "on-order-completed-ffm": _CREATED,
    "order-accepted": pgettext_lazy("marketplace status", "taken by the seller"),
    "waiting-for-authorization": _APPROVAL,
    "waiting-for-order-authorization": _APPROVAL,
    "waiting-for-manual-authorization": _APPROVAL,
    "waiting-ffmt-authorization": _APPROVAL,
    "waiting-for-mkt-authorization": _APPROVAL,
    "payment-pending": _PAYMENT,
    "approve-payment": _PAYMENT,
    "window-to-change-payment": _PAYMENT,
    "payment-approved": pgettext_lazy("marketplace status", "paid"),
    "payment-denied": pgettext_lazy("marketplace status", "payment refused"),
    "window-to-change-seller": pgettext_lazy("marketplace status", "another seller is looked for"),
    "request-cancel": _ASKED,
    "waiting-for-seller-decision": _ASKED,
    "cancellation-requested": _ASKED,
    "cancelation-request": _ASKED,
    "cancellation-request-denied": _DENIED,
    "cancellation-request-denied-ffm": _DENIED,
    "invoice-after-cancellation-deny": _DENIED,
    "cancel": pgettext_lazy("marketplace status", "being cancelled"),
    "canceled": _CANCELLED,
    "authorize-fulfillment": pgettext_lazy("marketplace status", "waits for leave to dispatch"),
    "waiting-for-fulfillment": _WAITS,
    "waiting-seller-handling": _WAITS,
    "release-to-fulfillment": _WAITS,
    "window-to-cancel": pgettext_lazy("marketplace status", "may still be cancelled"),
    "ready-for-handling": pgettext_lazy("marketplace status", "may be handled"),
    "start-handling": pgettext_lazy("marketplace status", "handling begins"),
    "handling": pgettext_lazy("marketplace status", "being handled"),
    "ready-for-invoicing": pgettext_lazy("marketplace status", "may be invoiced"),
    "invoice": pgettext_lazy("marketplace status", "the invoice is being checked"),
    "invoiced": pgettext_lazy("marketplace status", "invoiced"),
    "order-create-error": _FAILED,
    "order-creation-error": _FAILED,
    "replaced": pgettext_lazy("marketplace status", "replaced by another order"),
}


def told(status: str) -> str:
    """`status` in words with its code behind; one nobody documented speaks for itself."""
    name = NAMES.get(status)
    return f"{name} ({status})" if name else status
