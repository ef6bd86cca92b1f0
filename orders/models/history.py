"""What happened to an order, and what the marketplace told of it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from orders.models.orders import Order
from sellers.models import SellerAccount


class TimelineEntry(models.Model):
    """One thing that happened to an order. Status moves carry both statuses."""

    class Kind(models.TextChoices):
        STATUS = "status", _("status")
        INBOUND = "inbound", _("call from the marketplace")
        PACKING = "packing", _("packing")
        INVOICE = "invoice", _("invoice")
        TRACKING = "tracking", _("tracking")
        STOCK = "stock", _("stock")
        PROBLEM = "problem", _("problem")
        NOTE = "note", _("note")

    order = models.ForeignKey(
        Order, on_delete=models.CASCADE, related_name="timeline", verbose_name=_("order")
    )
    at = models.DateTimeField(_("at"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    code = models.CharField(
        _("what"),
        max_length=60,
        help_text=_("Stable code; the sentence comes from orders.timeline."),
    )
    from_status = models.CharField(_("from"), max_length=20, blank=True)
    to_status = models.CharField(_("to"), max_length=20, blank=True)
    facts = models.JSONField(_("facts"), default=dict, blank=True, help_text=_("No personal data."))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("who"),
    )

    class Meta:
        verbose_name = _("timeline entry")
        verbose_name_plural = _("timeline")
        ordering = ["order", "id"]

    def __str__(self) -> str:
        return self.code


class OrderEvent(models.Model):
    """A notice from the marketplace's hook or feed, stored before anything is done about it.

    `last_change` and `current_change` are kept in one form whatever the source (orders.moments).
    """

    class Source(models.TextChoices):
        HOOK = "hook", _("hook")
        FEED = "feed", _("feed")
        SWEEP = "sweep", _("comparison")
        WATCH = "watch", _("watchdog")

    class Outcome(models.TextChoices):
        NOTED = "noted", _("noted on the order")
        STOPPED = "stopped", _("order cancelled, stock given back")
        RAISED = "raised", _("order put before a manager")
        OUT_OF_DATE = "out-of-date", _("overtaken by a newer event")
        UNKNOWN_STATUS = "unknown-status", _("noted; a status unknown to this portal")
        NO_STATUS = "no-status", _("came without a status: nothing to note")
        OTHER_SELLER = "other-seller", _("an order of another seller")
        NEVER_PLACED = "never-placed", _("ended before it was placed here")
        NOT_PLACED = "not-placed", _("ours at the marketplace, but never placed here")
        NOT_FOUND = "not-found", _("the marketplace does not know the order either")
        NOT_READ = "not-read", _("the order could not be read at the marketplace")
        UNREADABLE = "unreadable", _("not to be understood: kept as it came")
        MADE_ANEW = "made-anew", _("the marketplace had dropped it: made anew, orders compared")
        NOT_MADE = "not-made", _("the marketplace has dropped it, and refuses to make it anew")
        REFUSED = "refused", _("the marketplace refuses these credentials")

    account = models.ForeignKey(
        SellerAccount,
        on_delete=models.PROTECT,
        related_name="order_events",
        verbose_name=_("account"),
        db_index=False,  # the unique change begins with it
    )
    marketplace_order_id = models.CharField(_("marketplace order id"), max_length=60)
    order = models.ForeignKey(
        Order,
        on_delete=models.SET_NULL,
        null=True,
        related_name="events",
        verbose_name=_("order"),
        help_text=_("The order it was about, as far as we have it."),
    )
    state = models.CharField(_("state"), max_length=60, blank=True)
    last_change = models.CharField(_("last change"), max_length=40, blank=True)
    current_change = models.CharField(_("this change"), max_length=40, blank=True)
    source = models.CharField(
        _("source"), max_length=8, choices=Source.choices, default=Source.HOOK
    )
    document = models.JSONField(_("document"))
    received_at = models.DateTimeField(_("received"))
    due_at = models.DateTimeField(
        _("look again"), null=True, editable=False, help_text=_("Empty: at once.")
    )
    processed_at = models.DateTimeField(_("processed"), null=True, blank=True)
    outcome = models.CharField(_("outcome"), max_length=200, blank=True, choices=Outcome.choices)
    flagged_at = models.DateTimeField(
        _("needs a look"), null=True, blank=True, help_text=_("Emptied when somebody has seen it.")
    )

    class Meta:
        verbose_name = _("marketplace event")
        verbose_name_plural = _("marketplace events")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "marketplace_order_id", "state", "last_change"],
                name="one_event_per_change",
            )
        ]
        indexes = [
            models.Index(
                fields=["marketplace_order_id"],
                opclasses=["varchar_pattern_ops"],
                name="event_by_their_id",
            ),
            models.Index(
                fields=["id"], name="event_unprocessed", condition=Q(processed_at__isnull=True)
            ),
            models.Index(
                fields=["id"], name="event_flagged", condition=Q(flagged_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.marketplace_order_id} {self.state}"
