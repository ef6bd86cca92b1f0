from __future__ import annotations

from decimal import Decimal
from zoneinfo import ZoneInfo, available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from sellers.credentials import EncryptedField, new_endpoint_key


def validate_timezone(value: str) -> None:
    if value not in available_timezones():
        raise ValidationError(_("“%(value)s” is not a time zone."), params={"value": value})


class SellerAccount(models.Model):
    """One seller id in one VTEX marketplace account: the connection everything hangs from."""

    class PriceRule(models.TextChoices):
        ACCEPT = "accept", _("accept the order")
        FLAG = "flag", _("accept it and tell a manager")
        REFUSE = "refuse", _("refuse the order")

    class Dialect(models.TextChoices):
        """How the marketplace wants to be told about an order."""

        OMS = "oms", _("order system: /api/oms/pvt/orders/…")
        SERVICES = "services", _("the order's own services endpoint: /pvt/orders/…")

    slug = models.SlugField(
        _("slug"), unique=True, help_text=_("Short name used on the command line.")
    )
    name = models.CharField(_("name"), max_length=200)
    seller_id = models.CharField(
        _("seller id"), max_length=100, help_text=_("As the marketplace registered this seller.")
    )
    marketplace_account = models.CharField(
        _("marketplace account"),
        max_length=100,
        help_text=_("VTEX account name, such as “bigstore”."),
    )
    marketplace_url = models.CharField(
        _("marketplace address"),
        max_length=300,
        help_text=_("Base of the OMS, such as https://bigstore.vtexcommercestable.com.br."),
    )
    app_key = models.CharField(_("app key"), max_length=200, blank=True)
    app_token = EncryptedField(_("app token"), blank=True)
    inbound_app_key = models.CharField(
        _("inbound app key"),
        max_length=200,
        blank=True,
        help_text=_(
            "What VTEX must send with orders; empty: the endpoint key alone identifies it."
        ),
    )
    inbound_app_token = EncryptedField(_("inbound app token"), blank=True)
    endpoint_key = models.CharField(
        _("endpoint key"),
        max_length=64,
        unique=True,
        default=new_endpoint_key,
        validators=[RegexValidator(r"^[A-Za-z0-9]{16,64}$", _("Use 16 to 64 letters and digits."))],
        help_text=_("The secret part of the address registered in VTEX."),
    )
    old_endpoint_key = models.CharField(
        _("former endpoint key"), max_length=64, blank=True, db_index=True, editable=False
    )
    old_endpoint_key_until = models.DateTimeField(
        _("former endpoint key answers until"), null=True, blank=True, editable=False
    )
    hook_header_name = models.CharField(_("hook header name"), max_length=100, blank=True)
    hook_header_value = EncryptedField(_("hook header value"), blank=True)
    has_hook = models.BooleanField(
        _("hook registered"),
        default=False,
        editable=False,
        help_text=_("The marketplace calls us with every change of an order's status."),
    )
    reads_feed = models.BooleanField(
        _("feed read"),
        default=False,
        editable=False,
        help_text=_("We ask the marketplace for the same changes: the safety net of the hook."),
    )
    country = models.CharField(
        _("country"),
        max_length=3,
        default="BRA",
        validators=[RegexValidator(r"^[A-Z]{3}$", _("Use the three-letter country code."))],
    )
    currency = models.CharField(_("currency"), max_length=3, default="BRL")
    timezone = models.CharField(
        _("time zone"), max_length=64, default="America/Sao_Paulo", validators=[validate_timezone]
    )
    affiliate_id = models.CharField(_("affiliate id"), max_length=3, blank=True)
    tax_id = models.CharField(
        _("CNPJ"),
        max_length=14,
        blank=True,
        validators=[
            RegexValidator(r"^[0-9A-Z]{12}[0-9]{2}$", _("Use the 14 characters, no punctuation."))
        ],
        help_text=_("Access keys of invoices must be this issuer's. Empty: not compared."),
    )
    dialect = models.CharField(
        _("how orders are answered"),
        max_length=8,
        choices=Dialect.choices,
        default=Dialect.OMS,
        help_text=_("Where invoices, tracking and cancellations are sent."),
    )
    services_hosts = models.CharField(
        _("hosts of services endpoints"),
        max_length=500,
        blank=True,
        validators=[
            RegexValidator(
                r"^[A-Za-z0-9.:-]+( [A-Za-z0-9.:-]+)*$",
                _("Write host names only, with a space between them."),
            )
        ],
        help_text=_(
            "Orders name the endpoint they are answered at; beside the marketplace address's own "
            "host, only these are ever called."
        ),
    )
    invoices_carry_freight = models.BooleanField(
        _("invoices carry the freight"),
        default=True,
        help_text=_(
            "Without it the invoices add up to less than the marketplace pays: it does not turn "
            "such an order to invoiced, and pays no refund for a return."
        ),
    )
    invoice_values_as_text = models.BooleanField(
        _("invoice values as text"),
        default=False,
        help_text=_(
            "The cents of an invoice go out as “1990” instead of 1990; for marketplaces whose "
            "integration insists on it."
        ),
    )
    announces_handling = models.BooleanField(
        _("announces handling"),
        default=True,
        help_text=_(
            "The marketplace is told when packing begins. Some refuse that call to sellers that "
            "are not hosted on VTEX; they lose nothing without it."
        ),
    )
    follow_up_email = models.EmailField(
        _("follow-up e-mail"), blank=True, help_text=_("Given to VTEX with every placed order.")
    )
    hold_minutes = models.PositiveIntegerField(
        _("hold, minutes"),
        default=7 * 24 * 60,
        help_text=_("How long stock is held when an order names no time."),
    )
    max_hold_minutes = models.PositiveIntegerField(_("longest hold, minutes"), default=30 * 24 * 60)
    price_rule = models.CharField(
        _("at other prices than ours"),
        max_length=6,
        choices=PriceRule.choices,
        default=PriceRule.FLAG,
        help_text=_("When a price or freight of a placed order differs beyond the tolerance."),
    )
    price_tolerance_percent = models.DecimalField(
        _("tolerance, percent"),
        max_digits=5,
        decimal_places=2,
        default=Decimal(0),
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )
    price_tolerance_cents = models.PositiveIntegerField(
        _("tolerance, cents"),
        default=0,
        help_text=_("A difference within either tolerance is none."),
    )
    tariff_revision = models.PositiveBigIntegerField(
        _("tariff revision"),
        default=1,
        editable=False,
        help_text=_("Raised with every change of policies, rates, windows, warehouses."),
    )
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("seller account")
        verbose_name_plural = _("seller accounts")
        ordering = ["slug"]
        constraints = [
            models.UniqueConstraint(
                fields=["marketplace_account", "seller_id"], name="one_account_per_seller_id"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def fulfillment_path(self) -> str:
        """The path to register in VTEX as fulfilment endpoint, below the portal's host."""
        return f"/api/{self.endpoint_key}"
