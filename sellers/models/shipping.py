"""What we offer for delivery. A change here must raise the account's tariff revision
(`sellers.tariffs.bump`), or workers go on quoting from their compiled copy."""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from sellers.models.accounts import SellerAccount
from sellers.models.stock import Warehouse

ESTIMATE = RegexValidator(
    r"^[1-9]\d{0,3}(bd|d|h|m)$", _("Use a number and bd, d, h or m, such as 2bd.")
)


class PickupPoint(models.Model):
    """A counter where shoppers collect."""

    account = models.ForeignKey(
        SellerAccount,
        on_delete=models.PROTECT,
        related_name="pickup_points",
        verbose_name=_("account"),
    )
    ref = models.CharField(
        _("id"),
        max_length=60,
        validators=[RegexValidator(r"^[A-Za-z0-9-]+$", _("Use letters, digits and hyphens only."))],
    )
    friendly_name = models.CharField(_("name"), max_length=200)
    additional_info = models.CharField(_("additional information"), max_length=300, blank=True)
    postal_code = models.CharField(_("postal code"), max_length=20)
    city = models.CharField(_("city"), max_length=100)
    state = models.CharField(_("state"), max_length=60)
    country = models.CharField(_("country"), max_length=3)
    street = models.CharField(_("street"), max_length=200)
    number = models.CharField(_("number"), max_length=30, blank=True)
    neighborhood = models.CharField(_("neighborhood"), max_length=100, blank=True)
    complement = models.CharField(_("complement"), max_length=100, blank=True)
    reference = models.CharField(_("reference"), max_length=200, blank=True)
    longitude = models.FloatField(_("longitude"), null=True, blank=True)
    latitude = models.FloatField(_("latitude"), null=True, blank=True)

    class Meta:
        verbose_name = _("pickup point")
        verbose_name_plural = _("pickup points")
        ordering = ["ref"]
        constraints = [
            models.UniqueConstraint(fields=["account", "ref"], name="one_pickup_point_per_ref")
        ]

    def __str__(self) -> str:
        return self.friendly_name


class ShippingPolicy(models.Model):
    """A delivery option: what VTEX calls an SLA. `ref` is the id shoppers' choices come back as."""

    class Channel(models.TextChoices):
        DELIVERY = "delivery", _("delivery")
        PICKUP = "pickup-in-point", _("pickup")

    account = models.ForeignKey(
        SellerAccount, on_delete=models.PROTECT, related_name="policies", verbose_name=_("account")
    )
    ref = models.CharField(_("SLA id"), max_length=60)
    name = models.CharField(_("name"), max_length=200)
    channel = models.CharField(
        _("channel"), max_length=20, choices=Channel.choices, default=Channel.DELIVERY
    )
    pickup_point = models.ForeignKey(
        PickupPoint,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="policies",
        verbose_name=_("pickup point"),
    )
    warehouses = models.ManyToManyField(
        Warehouse, through="PolicyWarehouse", related_name="policies", verbose_name=_("warehouses")
    )
    daily_capacity = models.PositiveIntegerField(
        _("daily capacity, orders"), null=True, blank=True, help_text=_("Empty: no limit. 0: none.")
    )
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("shipping policy")
        verbose_name_plural = _("shipping policies")
        ordering = ["ref"]
        constraints = [
            models.UniqueConstraint(fields=["account", "ref"], name="one_policy_per_ref"),
            models.CheckConstraint(
                condition=Q(channel="delivery", pickup_point__isnull=True)
                | Q(channel="pickup-in-point", pickup_point__isnull=False),
                name="pickup_policy_has_a_point",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PolicyWarehouse(models.Model):
    """A warehouse that serves a policy; the lower position is preferred."""

    policy = models.ForeignKey(
        ShippingPolicy, on_delete=models.CASCADE, related_name="served_by", verbose_name=_("policy")
    )
    warehouse = models.ForeignKey(
        Warehouse, on_delete=models.PROTECT, related_name="serves", verbose_name=_("warehouse")
    )
    position = models.PositiveSmallIntegerField(_("preference"), default=0)

    class Meta:
        verbose_name = _("warehouse of a policy")
        verbose_name_plural = _("warehouses of a policy")
        ordering = ["policy", "position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["policy", "warehouse"], name="one_place_per_policy")
        ]

    def __str__(self) -> str:
        return f"{self.policy_id} → {self.warehouse_id}"


class FreightRate(models.Model):
    """The freight of a line: by postal range and line weight, both ends inclusive.

    `price_cents` is for the whole line, `max_weight_g` is unit weight × quantity.
    """

    policy = models.ForeignKey(
        ShippingPolicy, on_delete=models.CASCADE, related_name="rates", verbose_name=_("policy")
    )
    country = models.CharField(_("country"), max_length=3)
    postal_from = models.CharField(_("from postal code"), max_length=12)
    postal_to = models.CharField(_("to postal code"), max_length=12)
    max_weight_g = models.PositiveIntegerField(
        _("up to weight, g"), null=True, blank=True, help_text=_("Empty: any weight.")
    )
    price_cents = models.PositiveBigIntegerField(_("price, cents"))
    estimate = models.CharField(_("estimate"), max_length=8, validators=[ESTIMATE])

    class Meta:
        verbose_name = _("freight rate")
        verbose_name_plural = _("freight rates")
        ordering = ["policy", "country", "postal_from", F("max_weight_g").asc(nulls_last=True)]
        indexes = [
            models.Index(fields=["policy", "country", "postal_from"], name="rate_by_range"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["policy", "country", "postal_from", "postal_to", "max_weight_g"],
                name="one_rate_per_cell",
                nulls_distinct=False,
            )
        ]

    def __str__(self) -> str:
        return f"{self.postal_from}–{self.postal_to}"


class DeliveryWindow(models.Model):
    """A time slot the shopper may choose, at an extra price."""

    policy = models.ForeignKey(
        ShippingPolicy, on_delete=models.CASCADE, related_name="windows", verbose_name=_("policy")
    )
    starts_at = models.DateTimeField(_("starts"))
    ends_at = models.DateTimeField(_("ends"))
    price_cents = models.PositiveBigIntegerField(_("price, cents"), default=0)
    capacity = models.PositiveIntegerField(
        _("capacity, orders"), null=True, blank=True, help_text=_("Empty: no limit. 0: none.")
    )

    class Meta:
        verbose_name = _("delivery window")
        verbose_name_plural = _("delivery windows")
        ordering = ["policy", "starts_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["policy", "starts_at", "ends_at"], name="one_window_per_slot"
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="window_ends_after_it_starts"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.starts_at:%Y-%m-%d %H:%M}"


class Closure(models.Model):
    """A day on which a warehouse does not work, besides weekends and public holidays."""

    account = models.ForeignKey(
        SellerAccount, on_delete=models.CASCADE, related_name="closures", verbose_name=_("account")
    )
    warehouse = models.ForeignKey(
        Warehouse,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="closures",
        verbose_name=_("warehouse"),
        help_text=_("Empty: every warehouse of the account."),
    )
    closed_on = models.DateField(_("closed on"))
    note = models.CharField(
        _("reason"), max_length=200, blank=True, help_text=_("Such as the holiday of the town.")
    )

    class Meta:
        verbose_name = _("closed day")
        verbose_name_plural = _("closed days")
        ordering = ["closed_on", "warehouse"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "warehouse", "closed_on"],
                name="one_closure_per_day",
                nulls_distinct=False,
            )
        ]

    def __str__(self) -> str:
        return f"{self.closed_on:%Y-%m-%d} {self.note}".strip()


class CapacityUse(models.Model):
    """Orders booked on a policy for one day or for one window. Only `sellers.capacity` writes.

    Windows are named by their times, so that importing the seller file again keeps the count.
    """

    account = models.ForeignKey(
        SellerAccount, on_delete=models.CASCADE, related_name="+", verbose_name=_("account")
    )
    policy = models.ForeignKey(
        ShippingPolicy,
        on_delete=models.CASCADE,
        related_name="capacity_uses",
        verbose_name=_("policy"),
    )
    day = models.DateField(_("day"), help_text=_("In the account's time zone."))
    starts_at = models.DateTimeField(_("window starts"), null=True, blank=True)
    ends_at = models.DateTimeField(_("window ends"), null=True, blank=True)
    orders = models.PositiveIntegerField(_("orders"), default=0)

    class Meta:
        verbose_name = _("capacity use")
        verbose_name_plural = _("capacity uses")
        ordering = ["day", "policy", "starts_at"]
        indexes = [models.Index(fields=["account", "day"], name="capacity_by_day")]
        constraints = [
            models.UniqueConstraint(
                fields=["policy", "day", "starts_at", "ends_at"],
                name="one_count_per_day_or_window",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(starts_at__isnull=True, ends_at__isnull=True)
                | Q(starts_at__isnull=False, ends_at__isnull=False),
                name="window_has_both_ends",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.policy_id} {self.day:%Y-%m-%d}: {self.orders}"
