from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from sellers.models.accounts import SellerAccount


def needing_attention() -> Q:
    """The condition of what only a person can settle: not accepted, or accepted without effect."""
    missing = Q(applied=OutboxMessage.Applied.MISSING)
    return Q(status__in=OutboxMessage.NEEDS_ATTENTION) | missing


class OutboxMessage(models.Model):
    """One call we owe the marketplace. Kept for ever once settled: it is the seller's proof.

    Messages with the same `subject` (a marketplace order id) leave in the order they were written.
    """

    class Priority(models.IntegerChoices):
        FIRST = 0
        LATER = 1

    class Kind(models.TextChoices):
        START_HANDLING = "start-handling", _("start handling")
        INVOICE = "invoice", _("invoice")
        TRACKING = "tracking", _("tracking")
        TRACKING_EVENTS = "tracking-events", _("tracking events")
        CANCEL = "cancel", _("cancellation")
        CANCEL_RETURNED = "cancel-returned", _("cancellation after a return")
        CHANGE_AGREEMENT = "change-agreement", _("agreement to a change")
        CHANGE_REFUSAL = "change-refusal", _("refusal of a change")

    class Status(models.TextChoices):
        PENDING = "pending", _("waiting to be sent")
        DELIVERED = "delivered", _("accepted by the marketplace")
        REJECTED = "rejected", _("refused by the marketplace")
        EXHAUSTED = "exhausted", _("gave up")
        UNAUTHORISED = "unauthorised", _("credentials refused")
        SUPERSEDED = "superseded", _("no longer needed")

    class Applied(models.TextChoices):
        """The second tick: not only accepted, but to be seen in the order."""

        UNWATCHED = "", _("not checked")
        WAITING = "waiting", _("accepted, not yet seen in the order")
        APPLIED = "applied", _("seen in the order")
        MISSING = "missing", _("accepted, but not to be seen in the order")

    NEEDS_ATTENTION = (Status.REJECTED, Status.EXHAUSTED, Status.UNAUTHORISED)
    #: A later message of the same subject waits behind these.
    BLOCKING = (Status.PENDING, *NEEDS_ATTENTION)

    account = models.ForeignKey(
        SellerAccount, on_delete=models.PROTECT, related_name="outbox", verbose_name=_("account")
    )
    subject = models.CharField(_("marketplace order id"), max_length=60)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    key = models.CharField(
        _("key"), max_length=160, help_text=_("Makes the promise once per account.")
    )
    method = models.CharField(_("method"), max_length=6)
    base_url = models.CharField(
        _("base address"),
        max_length=300,
        blank=True,
        help_text=_("Empty: the account's marketplace address."),
    )
    path = models.CharField(_("path"), max_length=300)
    body = models.TextField(
        _("body"), blank=True, help_text=_("Exactly what is sent, on every attempt.")
    )
    status = models.CharField(
        _("status"), max_length=14, choices=Status.choices, default=Status.PENDING
    )
    priority = models.PositiveSmallIntegerField(
        default=Priority.LATER, choices=Priority.choices, editable=False
    )
    attempts_made = models.PositiveIntegerField(_("attempts"), default=0)
    due_at = models.DateTimeField(_("due"))
    lease = models.UUIDField(null=True, editable=False)
    leased_until = models.DateTimeField(null=True, editable=False)
    in_doubt = models.BooleanField(
        _("outcome unknown"),
        default=False,
        help_text=_("A try may have arrived although no answer came back."),
    )
    trying_since = models.DateTimeField(
        _("failing since"),
        null=True,
        blank=True,
        help_text=_("The first try that did not succeed, since staff last sent it again."),
    )
    traceparent = models.CharField(max_length=55, blank=True, editable=False)
    receipt = models.CharField(_("receipt"), max_length=100, blank=True)
    last_error = models.CharField(_("last error"), max_length=500, blank=True)
    created_at = models.DateTimeField(_("created"))
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)
    applied = models.CharField(
        _("at the marketplace"),
        max_length=7,
        choices=Applied.choices,
        default=Applied.UNWATCHED,
        blank=True,
    )
    look_at = models.DateTimeField(_("look again"), null=True, editable=False)

    class Meta:
        verbose_name = _("message to the marketplace")
        verbose_name_plural = _("messages to the marketplace")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["account", "key"], name="one_message_per_key"),
            # Refused credentials are said once per account; read by claim_due to pause the account.
            models.UniqueConstraint(
                fields=["account"],
                name="one_unauthorised_message",
                condition=Q(status="unauthorised"),
            ),
        ]
        indexes = [
            # Read by claim_due on every tick: only what is still to be sent, first things first.
            models.Index(
                fields=["account", "priority", "due_at", "id"],
                name="outbox_due",
                condition=Q(status="pending"),
            ),
            # Read by claim_due to count an account's calls under way.
            models.Index(
                fields=["account", "leased_until"],
                name="outbox_leased",
                condition=Q(status="pending", leased_until__isnull=False),
            ),
            # Read by claim_due to keep the order per subject.
            models.Index(
                fields=["account", "subject", "id"],
                name="outbox_unfinished",
                condition=Q(status__in=["pending", "rejected", "exhausted", "unauthorised"]),
            ),
            models.Index(fields=["account", "subject"], name="outbox_by_subject"),
            # Read by looking: what was accepted and is not yet seen in the order.
            models.Index(
                fields=["look_at"], name="outbox_to_look_up", condition=Q(applied="waiting")
            ),
            # Read by staff's list of what needs attention: these two.
            models.Index(
                fields=["id"],
                name="outbox_unsent",
                condition=Q(status__in=["rejected", "exhausted", "unauthorised"]),
            ),
            models.Index(fields=["id"], name="outbox_missing", condition=Q(applied="missing")),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.subject}"


class DeliveryAttempt(models.Model):
    """One call about a message: what the marketplace answered and how long it took.

    `detail` are the marketplace's own words or the reason there are none; `response` is an excerpt
    without personal data.
    """

    class Outcome(models.TextChoices):
        DELIVERED = "delivered", _("accepted")
        FOUND = "found", _("already at the marketplace: found by reading the order")
        ALREADY_MOVED_ON = "already-moved-on", _("the order had already moved on")
        REJECTED = "rejected", _("refused")
        UNAUTHORISED = "unauthorised", _("credentials refused")
        THROTTLED = "throttled", _("asked to slow down")
        FAILED = "failed", _("error at the marketplace")
        UNANSWERED = "unanswered", _("no answer: outcome unknown")
        UNREACHABLE = "unreachable", _("no connection: not sent")
        MISDIRECTED = "misdirected", _("address not allowed: not sent")
        SEEN = "seen", _("seen in the order")
        NOT_SEEN = "not-seen", _("not to be seen in the order")

    #: The order was read to learn whether the message had arrived; nothing was sent.
    READINGS = (Outcome.FOUND, Outcome.SEEN, Outcome.NOT_SEEN)

    message = models.ForeignKey(
        OutboxMessage, on_delete=models.PROTECT, related_name="attempts", verbose_name=_("message")
    )
    at = models.DateTimeField(_("at"))
    duration_ms = models.PositiveIntegerField(_("duration, ms"))
    http_status = models.PositiveSmallIntegerField(_("HTTP status"), null=True, blank=True)
    outcome = models.CharField(_("outcome"), max_length=20, choices=Outcome.choices)
    detail = models.CharField(_("detail"), max_length=500, blank=True)
    response = models.TextField(_("answer"), blank=True)

    class Meta:
        verbose_name = _("delivery attempt")
        verbose_name_plural = _("delivery attempts")
        ordering = ["message", "id"]

    def __str__(self) -> str:
        return f"{self.http_status or '—'} {self.get_outcome_display()}"


class StaffDecision(models.Model):
    """What a person decided about a message: to send it again, as it was or corrected, or that it
    is no longer needed."""

    class Verdict(models.TextChoices):
        RESEND = "resend", _("send again")
        DISMISS = "dismiss", _("dismiss")
        WITHDRAW = "withdraw", _("withdraw before sending")
        AMEND = "amend", _("correct and send again")

    message = models.ForeignKey(
        OutboxMessage,
        on_delete=models.PROTECT,
        related_name="decisions",
        verbose_name=_("message"),
    )
    verdict = models.CharField(_("decision"), max_length=10, choices=Verdict.choices)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    said_before = models.TextField(
        _("body before"), blank=True, help_text=_("What had been sent until it was corrected.")
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("who"),
    )
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("decision on a message")
        verbose_name_plural = _("decisions on messages")
        ordering = ["message", "id"]

    def __str__(self) -> str:
        return f"{self.get_verdict_display()}: {self.reason}"
