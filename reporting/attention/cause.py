"""What a cause is: a kind of being stuck, in words for staff, with the one thing to do about it.

Who sees a cause and who may act on it are permissions, asked on the server.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

PACKS = "orders.pack_order"
MANAGES = "orders.change_order"
SEES_MESSAGES = "sellers.view_outboxmessage"
SEES_EVENTS = "orders.view_orderevent"
SENDS = "sellers.change_outboxmessage"
CONNECTS = "sellers.change_selleraccount"

#: Who acts, in words, for those who may not.
WHO: dict[str, Promise] = {
    PACKS: _("for the warehouse"),
    MANAGES: _("for a manager"),
    SENDS: _("for a manager"),
    CONNECTS: _("for an administrator"),
}


class Area(models.TextChoices):
    """Whose corner of the shop it is in."""

    DECISIONS = "decisions", _("To decide")
    MARKETPLACE = "marketplace", _("Line to the marketplace")
    MONEY = "money", _("Money")
    PACKING = "packing", _("Packing and hand-over")
    STOCK = "stock", _("Stock")


class Urgency(IntEnum):
    """How bad it is to leave it: an order is lost or late; it will be; it should be looked at."""

    NOW = 0
    SOON = 1
    WATCH = 2


class Thing(StrEnum):
    """Which row a matter is about."""

    MESSAGE = "message"
    ORDER = "order"
    PROBLEM = "problem"
    CHANGE = "change"
    EVENT = "event"
    AUDIT = "audit"
    ACCOUNT = "account"
    ARRIVAL = "return"
    WAREHOUSE = "warehouse"
    PACKAGE = "package"
    SHORT = "short"


class Do(StrEnum):
    """The step is a link, unless it is one of these: done at once, by its own use case."""

    GO = ""
    RESEND = "resend"
    SEEN = "seen"


@dataclass(frozen=True)
class Cause:
    code: str
    thing: Thing
    area: Area
    urgency: Urgency
    title: Promise
    remedy: Promise
    step: Promise
    sees: str = MANAGES
    acts: str = MANAGES
    do: Do = Do.GO


#: Where reading the whole order is the step.
OPEN_ORDER = _("Open the order")
DECIDE = _("Decide")
