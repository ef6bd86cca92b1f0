"""Reservations that become orders: what was asked, by when, for whom (apart)."""

from __future__ import annotations

import secrets

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from orders.states import WATCHED, Status
from sellers.models import SellerAccount, Sku

# No vowels, no look-alikes: unguessable, readable aloud, printable as Code 128.
_ALPHABET = "23456789BCDFGHJKLMNPQRSTVWXZ"
#: Times that not every order has, or has yet.
_REACHED = ("authorized", "due", "handling", "invoiced", "shipped", "delivered", "cancelled")


def new_seller_order_id() -> str:
    """Our reservation id: `R-` and twelve characters, about 57 bits of chance."""
    return "R-" + "".join(secrets.choice(_ALPHABET) for _i in range(12))


class Order(models.Model):
    """A reservation, and the firm order it becomes once authorised. Holds no personal data.

    `seller_order_id` is ours and never goes into an OMS path; `marketplace_order_id` does.
    """

    account = models.ForeignKey(
        SellerAccount,
        on_delete=models.PROTECT,
        related_name="orders",
        verbose_name=_("account"),
        db_index=False,  # the unique marketplace id begins with it
    )
    seller_order_id = models.CharField(
        _("our order id"), max_length=40, unique=True, default=new_seller_order_id
    )
    marketplace_order_id = models.CharField(_("marketplace order id"), max_length=60)
    marketplace_order_group = models.CharField(_("order group"), max_length=60, blank=True)
    status = models.CharField(
        _("status"), max_length=20, choices=Status.choices, default=Status.RESERVED
    )
    marketplace_status = models.CharField(_("status at the marketplace"), max_length=60, blank=True)
    marketplace_checked_at = models.DateTimeField(
        _("compared with the marketplace"), null=True, blank=True, editable=False
    )
    sales_channel = models.CharField(_("sales channel"), max_length=20, blank=True)

    placed_at = models.DateTimeField(_("placed"))
    hold_expires_at = models.DateTimeField(_("hold expires"), null=True, blank=True)
    authorized_at = models.DateTimeField(_("authorised"), null=True, blank=True)
    due_at = models.DateTimeField(
        _("hand over by"), null=True, blank=True, help_text=_("From the warehouse's cut-off.")
    )
    handling_at = models.DateTimeField(_("handling began"), null=True, blank=True)
    invoiced_at = models.DateTimeField(_("invoiced"), null=True, blank=True)
    shipped_at = models.DateTimeField(_("handed over"), null=True, blank=True)
    delivered_at = models.DateTimeField(_("delivered"), null=True, blank=True)
    cancelled_at = models.DateTimeField(_("cancelled"), null=True, blank=True)

    items_cents = models.BigIntegerField(_("items, cents"), default=0)
    discounts_cents = models.BigIntegerField(_("discounts, cents"), default=0)
    services_cents = models.BigIntegerField(_("services, cents"), default=0)
    freight_cents = models.BigIntegerField(_("freight, cents"), default=0)
    payment_value_cents = models.BigIntegerField(
        _("marketplace pays, cents"), help_text=_("VTEX's marketplacePaymentValue.")
    )

    marketplace_services_endpoint = models.CharField(
        _("marketplace services endpoint"), max_length=300, blank=True
    )
    operation_id = models.CharField(_("operation id"), max_length=60, blank=True)
    fingerprint = models.CharField(
        _("fingerprint"),
        max_length=64,
        editable=False,
        help_text=_("SHA-256 of what was placed: tells a retry from another order."),
    )
    receipt = models.CharField(_("receipt"), max_length=40, blank=True)
    cancel_receipt = models.CharField(_("cancellation receipt"), max_length=40, blank=True)
    cancel_reason = models.CharField(_("cancellation reason"), max_length=300, blank=True)
    cancel_request_id = models.CharField(_("cancellation request"), max_length=60, blank=True)
    cancel_asked_at = models.DateTimeField(_("cancellation asked"), null=True, blank=True)
    cancel_decide_by = models.DateTimeField(_("decide on it by"), null=True, blank=True)
    change_asked_at = models.DateTimeField(
        _("change asked"),
        null=True,
        blank=True,
        help_text=_("Set while a change is open; nothing is packed or invoiced then."),
    )
    flagged_at = models.DateTimeField(
        _("needs a look"),
        null=True,
        blank=True,
        help_text=_("Set by a problem, emptied when a manager has seen it."),
    )

    # Where the parcel goes, as far as picking, sorting and reports need it; the rest is personal.
    ship_country = models.CharField(_("country"), max_length=3, blank=True)
    ship_postal_code = models.CharField(_("postal code"), max_length=20, blank=True)
    ship_state = models.CharField(_("state"), max_length=60, blank=True)
    ship_city = models.CharField(_("city"), max_length=100, blank=True)

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        ordering = ["-id"]
        permissions = [
            ("view_personal_data", _("Can see shoppers' personal data")),
            ("view_money", _("Can see prices and values")),
            ("pack_order", _("Can pick and pack orders")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "marketplace_order_id"], name="one_order_per_marketplace_id"
            )
        ]
        indexes = [
            # For whole ids and for what they begin with: a plain index would serve the first only.
            models.Index(
                fields=["marketplace_order_id"],
                opclasses=["varchar_pattern_ops"],
                name="order_by_their_id",
            ),
            models.Index(
                fields=["marketplace_order_group"],
                opclasses=["varchar_pattern_ops"],
                name="order_by_group",
            ),
            # The work queue: open orders, soonest due first.
            models.Index(
                fields=["due_at", "id"],
                name="order_queue",
                condition=Q(status__in=["authorized", "handling", "cancel-requested"]),
            ),
            # Packed and still in the building.
            models.Index(
                fields=["due_at", "id"], name="order_packed", condition=Q(status="invoiced")
            ),
            models.Index(
                fields=["hold_expires_at"], name="order_expiring", condition=Q(status="reserved")
            ),
            models.Index(fields=["status", "-id"], name="order_by_status"),
            models.Index(fields=["placed_at", "id"], name="order_by_placed"),
            models.Index(
                fields=["flagged_at"],
                name="order_flagged",
                condition=Q(flagged_at__isnull=False),
            ),
            models.Index(
                fields=["change_asked_at"],
                name="order_change_asked",
                condition=Q(change_asked_at__isnull=False),
            ),
            # Periods of reports, and the pace of packing.
            *(
                models.Index(
                    fields=[f"{moment}_at", "id"],
                    name=f"order_by_{moment}",
                    condition=Q(**{f"{moment}_at__isnull": False}),
                )
                for moment in _REACHED
            ),
            # Who stands elsewhere at the marketplace; the settled masses are left out.
            models.Index(
                fields=["marketplace_status", "status"],
                name="order_by_status_there",
                condition=~Q(marketplace_status__in=["", "invoiced", "canceled"]),
            ),
            # The sweep: never compared first, then the longest ago.
            models.Index(
                F("marketplace_checked_at").asc(nulls_first=True),
                name="order_to_compare",
                condition=Q(status__in=[*WATCHED]),
            ),
        ]

    def __str__(self) -> str:
        return self.marketplace_order_id


class Schedule(models.Model):
    """By which tariff revision an account's hand-over times were last worked out.

    `is_settled`: a second run has found nothing that was being written during the first.
    """

    account = models.OneToOneField(
        SellerAccount, on_delete=models.CASCADE, related_name="schedule", primary_key=True
    )
    revision = models.PositiveBigIntegerField()
    is_settled = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.account_id} @ {self.revision}"


class PersonalData(models.Model):
    """Everything about the shopper, apart from the order so that it can be shown to few and erased.

    `document` is what VTEX sent, unknown fields included; `answer` the bytes we replied, replayed
    to a retry. Both are emptied by erasure.
    """

    order = models.OneToOneField(
        Order, on_delete=models.CASCADE, related_name="personal", primary_key=True
    )
    document = models.JSONField(_("placed document"), null=True)
    answer = models.TextField(_("answer"), blank=True)
    payment = models.JSONField(_("payment data"), null=True)
    cancellation = models.JSONField(_("cancellation as asked"), null=True)
    receiver = models.CharField(_("receiver"), max_length=200, blank=True)
    erased_at = models.DateTimeField(_("erased"), null=True, blank=True)

    class Meta:
        verbose_name = _("personal data")
        verbose_name_plural = _("personal data")

    def __str__(self) -> str:
        return str(self.pk)


class OrderLine(models.Model):
    """One line as placed. The same SKU on two lines stays two lines, up to the invoice."""

    order = models.ForeignKey(
        Order,
        on_delete=models.CASCADE,
        related_name="lines",
        verbose_name=_("order"),
        db_index=False,  # the unique index begins with it
    )
    index = models.PositiveIntegerField(_("line"))
    sku = models.ForeignKey(
        Sku, on_delete=models.PROTECT, related_name="order_lines", verbose_name=_("SKU")
    )
    ref = models.CharField(_("SKU id"), max_length=100, help_text=_("Exactly as placed."))
    unique_id = models.CharField(
        _("unique id"),
        max_length=60,
        blank=True,
        help_text=_("The marketplace's name of the line, when it has one."),
    )
    name = models.CharField(_("name"), max_length=300)
    seller = models.CharField(_("seller"), max_length=100, blank=True)
    quantity = models.PositiveIntegerField(
        _("quantity"), help_text=_("None is left of a line that a change took away.")
    )
    unit_multiplier = models.DecimalField(
        _("unit multiplier"), max_digits=12, decimal_places=4, default=1
    )
    price_cents = models.BigIntegerField(_("unit price, cents"))
    items_cents = models.BigIntegerField(
        _("goods, cents"), help_text=_("round(price × multiplier × quantity).")
    )
    discount_cents = models.BigIntegerField(
        _("discount, cents"), default=0, help_text=_("What price tags take off the line; positive.")
    )
    services_cents = models.BigIntegerField(
        _("services, cents"), default=0, help_text=_("Bundle items, such as gift wrapping.")
    )
    freight_cents = models.BigIntegerField(_("freight, cents"), default=0)
    policy_ref = models.CharField(_("SLA id"), max_length=60, blank=True)
    channel = models.CharField(_("channel"), max_length=20, blank=True)
    shipping_estimate = models.CharField(_("estimate"), max_length=10, blank=True)
    lock_ttl = models.CharField(_("lock TTL"), max_length=10, blank=True)
    window_starts_at = models.DateTimeField(_("window starts"), null=True, blank=True)
    window_ends_at = models.DateTimeField(_("window ends"), null=True, blank=True)
    is_gift = models.BooleanField(_("gift"), default=False)
    extras = models.JSONField(
        _("chosen with it"),
        default=list,
        blank=True,
        help_text=_("Gift wrapping, engravings and the like; may name a person."),
    )
    commission = models.DecimalField(
        _("commission"), max_digits=14, decimal_places=4, null=True, blank=True
    )
    freight_commission = models.DecimalField(
        _("freight commission"), max_digits=14, decimal_places=4, null=True, blank=True
    )

    class Meta:
        verbose_name = _("order line")
        verbose_name_plural = _("order lines")
        ordering = ["order", "index"]
        constraints = [
            models.UniqueConstraint(fields=["order", "index"], name="one_line_per_index")
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.ref}"

    @property
    def total_cents(self) -> int:
        """What the marketplace pays for this line: goods − discount + services + freight."""
        return self.items_cents - self.discount_cents + self.services_cents + self.freight_cents
