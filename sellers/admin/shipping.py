"""What is offered for delivery. Everything saved here raises the account's tariff revision."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from sellers.admin.base import (
    AccountIsFixed,
    PortalInline,
    RaisesTariffRevision,
    ReadOnly,
    may_see_money,
    money,
)
from sellers.admin.filters import AccountFilter, AccountOfPolicyFilter
from sellers.models import (
    CapacityUse,
    DeliveryWindow,
    FreightRate,
    PickupPoint,
    PolicyWarehouse,
    ShippingPolicy,
)
from sellers.pickup_ids import mixed_up
from sellers.rates import Cell, range_fault


class PickupPointForm(forms.ModelForm[PickupPoint]):
    """Its id must not be taken for another one of the account."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        account = cleaned.get("account") or getattr(self.instance, "account", None)
        ref = cleaned.get("ref")
        others = PickupPoint.objects.filter(account=account).exclude(pk=self.instance.pk)
        if account and ref:
            for pair in mixed_up([ref, *others.values_list("ref", flat=True)]):
                if ref in pair:
                    message = _("VTEX mixes up %(ids)s: no id may begin with another one.")
                    raise ValidationError({"ref": message % {"ids": ", ".join(pair)}})
        return cleaned


@admin.register(PickupPoint)
class PickupPointAdmin(AccountIsFixed, RaisesTariffRevision):
    form = PickupPointForm
    list_display = ("ref", "friendly_name", "account", "city", "state", "postal_code")
    list_filter = (AccountFilter,)
    list_select_related = ("account",)
    search_fields = ("ref", "friendly_name", "city")
    search_help_text = _("Id, name or city")
    fieldsets = (
        (None, {"fields": ("account", ("ref", "friendly_name"), "additional_info")}),
        (
            _("Address"),
            {
                "fields": (
                    ("postal_code", "country", "state"),
                    ("city", "neighborhood"),
                    ("street", "number"),
                    ("complement", "reference"),
                    ("longitude", "latitude"),
                )
            },
        ),
    )


class ServedByInline(PortalInline):
    model = PolicyWarehouse
    fields = ("warehouse", "position")
    verbose_name = _("warehouse")
    verbose_name_plural = _("served by, in order of preference")
    autocomplete_fields = ("warehouse",)


class DeliveryWindowInline(PortalInline):
    model = DeliveryWindow
    fields = ("starts_at", "ends_at", "price_cents", "capacity")
    per_page = 50


class CapacityInline(ReadOnly, PortalInline):
    """Orders booked so far, where there is a limit."""

    model = CapacityUse
    fields = ("day", "starts_at", "ends_at", "orders")
    readonly_fields = fields
    can_delete = False
    per_page = 20

    def get_queryset(self, request: HttpRequest) -> QuerySet[CapacityUse]:
        uses: QuerySet[CapacityUse] = super().get_queryset(request)
        return uses.order_by("-day", "starts_at", "id")


class PolicyForm(forms.ModelForm[ShippingPolicy]):
    """Says in words what the database would refuse."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        is_pickup = cleaned.get("channel") == ShippingPolicy.Channel.PICKUP
        point = cleaned.get("pickup_point")
        if is_pickup and not point:
            self.add_error("pickup_point", _("A pickup policy needs its pickup point."))
        if point and not is_pickup:
            self.add_error("pickup_point", _("Only a pickup policy has a pickup point."))
        account = cleaned.get("account") or getattr(self.instance, "account", None)
        if point and account and point.account_id != account.pk:
            self.add_error("pickup_point", _("This pickup point is of another account."))
        return cleaned


@admin.register(ShippingPolicy)
class ShippingPolicyAdmin(AccountIsFixed, RaisesTariffRevision):
    form = PolicyForm
    inlines = (ServedByInline, DeliveryWindowInline, CapacityInline)
    list_display = ("ref", "name", "channel", "account", "is_active", "rates")
    list_filter = (AccountFilter, "channel", "is_active")
    list_select_related = ("account",)
    search_fields = ("ref", "name")
    search_help_text = _("SLA id or name")
    autocomplete_fields = ("account", "pickup_point")
    fieldsets = (
        (None, {"fields": ("account", ("ref", "name"), "is_active")}),
        (
            _("How it arrives"),
            {"fields": (("channel", "pickup_point"), "daily_capacity", "rates")},
        ),
    )
    readonly_fields = ("rates",)

    @display(description=_("freight rates"))
    def rates(self, policy: ShippingPolicy) -> str:
        if policy._state.adding:
            return str(_("Added once the policy is saved."))
        url = reverse("admin:sellers_freightrate_changelist")
        return format_html(
            '<a class="text-link" href="{}?policy={}">{}</a>', url, policy.pk, _("Show rates")
        )


class RateForm(forms.ModelForm[FreightRate]):
    """A postal range must be sound, and must not claim what another rate of the policy has."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not {"country", "postal_from", "postal_to"} <= cleaned.keys():
            return cleaned  # each of them has its own fault already
        cell = Cell(
            cleaned["country"],
            cleaned["postal_from"],
            cleaned["postal_to"],
            cleaned.get("max_weight_g"),
        )
        if fault := range_fault(cell):
            raise ValidationError({"postal_to": capfirst(fault)})
        policy = cleaned.get("policy") or getattr(self.instance, "policy", None)
        if policy and (other := self._claimed_by(policy, cell)):
            raise ValidationError(
                _("Postal codes %(range)s already have a rate for this weight in this policy."),
                params={"range": str(other)},
            )
        return cleaned

    def _claimed_by(self, policy: ShippingPolicy, cell: Cell) -> FreightRate | None:
        # Codes of different lengths never meet; equal lengths of digits compare as text.
        return (
            FreightRate.objects.filter(
                policy=policy,
                country=cell.country,
                max_weight_g=cell.max_weight_g,
                postal_from__lte=cell.postal_to,
                postal_to__gte=cell.postal_from,
                postal_from__regex=rf"^.{{{len(cell.postal_from)}}}$",
            )
            .exclude(pk=self.instance.pk)
            .first()
        )


@admin.register(FreightRate)
class FreightRateAdmin(RaisesTariffRevision):
    """Hundreds of thousands of rows: always looked at policy by policy, paged, never counted."""

    form = RateForm
    list_display = ("postal_range", "country", "weight", "price", "estimate", "policy")
    list_display_links = ("postal_range",)
    list_filter = (AccountOfPolicyFilter,)
    list_select_related = ("policy__account",)
    search_fields = ("postal_from",)
    search_help_text = _("Beginning of the range")
    ordering = ("policy_id", "country", "postal_from", "id")  # as the index has it
    autocomplete_fields = ("policy",)
    fieldsets = (
        (None, {"fields": ("policy",)}),
        (_("Where"), {"fields": (("country", "postal_from", "postal_to"), "max_weight_g")}),
        (_("What it costs"), {"fields": (("price_cents", "estimate"),)}),
    )

    def get_readonly_fields(
        self, request: HttpRequest, obj: FreightRate | None = None
    ) -> list[Any]:
        return [*super().get_readonly_fields(request, obj), *(["policy"] if obj else [])]

    def get_list_display(self, request: HttpRequest) -> list[str]:
        return [name for name in self.list_display if name != "price" or may_see_money(request)]

    def account_id(self, obj: FreightRate) -> int:
        return obj.policy.account_id

    def account_ids(self, queryset: QuerySet[FreightRate]) -> set[int]:
        return set(queryset.order_by().values_list("policy__account_id", flat=True).distinct())

    @display(description=_("postal codes"), ordering="postal_from")
    def postal_range(self, rate: FreightRate) -> str:
        return str(rate)

    @display(description=_("up to weight, g"), ordering="max_weight_g")
    def weight(self, rate: FreightRate) -> Any:
        return _("any") if rate.max_weight_g is None else rate.max_weight_g

    @display(description=_("freight of the line"), ordering="price_cents")
    def price(self, rate: FreightRate) -> str:
        return money(rate.price_cents, rate.policy.account.currency)
