"""The shape of VTEX's calls. Unknown keys are let be, known ones are read in any case.

Fields are named as Python does; their wire names follow from that (`item_index`, itemIndex).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.functional import cached_property
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

MOST_ITEMS = 500
MOST_ORDERS = 50
MOST_UNITS = 1_000_000
#: A hundred million of the currency: more is a slip, and sums stay far from what bigint holds.
MOST_CENTS = 10_000_000_000
_WIRE_NAMES = {"lock_ttl": "lockTTL"}
_LOCK_TIME = re.compile(r"(?=[0-9]{1,4}[a-z])0*[1-9][0-9]*(?:bd|d|h|m)")
_UNFIT = frozenset('/\\?#%<>"')


def wire_name(field: str) -> str:
    head, *rest = field.split("_")
    return _WIRE_NAMES.get(field) or head + "".join(part.capitalize() for part in rest)


_NEEDED = {"required": True, "allow_null": False, "allow_blank": False}
_ABSENT = {"required": "is missing.", "null": "must not be null."}


class Tolerant(serializers.Serializer[Any]):
    """Finds its fields whatever the case of the keys, and names faults by their wire names."""

    default_error_messages = {**_ABSENT, "invalid": "must be an object."}

    @cached_property
    def _keys(self) -> dict[str, str]:
        return {name.replace("_", ""): name for name in map(str, self.fields)}

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return super().to_internal_value(data)
        known: dict[str, Any] = {}
        for key, value in data.items():
            name = self._keys.get(str(key).casefold())
            if name is not None and (name not in known or key == wire_name(name)):
                known[name] = value
        try:
            return super().to_internal_value(known)
        except ValidationError as error:
            detail = error.detail
            if not isinstance(detail, dict):
                raise
            renamed = {wire_name(name): faults for name, faults in detail.items()}
            raise ValidationError(renamed) from error


class Text(serializers.CharField):
    """Text as it came, spaces included; null is none."""

    default_error_messages = {
        **_ABSENT,
        "invalid": "must be text.",
        "blank": "must not be empty.",
        "max_length": "must have at most {max_length} characters.",
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(
            **({"required": False, "allow_null": True, "allow_blank": True} | options),
            trim_whitespace=False,
        )


class Id(Text):
    def __init__(self, max_length: int) -> None:
        super().__init__(max_length=max_length, **_NEEDED)


class Segment(Text):
    """An id that our own calls carry in their path: what would lead elsewhere there is refused."""

    default_error_messages = {
        "unfit": "must fit into an address: no spaces, control characters or any of "
        + " ".join(sorted(_UNFIT))
        + ", and not . or .. alone."
    }

    def to_internal_value(self, data: Any) -> str:
        text: str = super().to_internal_value(data)
        if text in (".", "..") or not text.isprintable() or _UNFIT & set(text) or " " in text:
            self.fail("unfit")
        return text


class Number(serializers.DecimalField):
    """A decimal of any length, rounded to four places; null is none."""

    default_error_messages = {
        **_ABSENT,
        **dict.fromkeys(("invalid", "max_string_length"), "must be a number."),
        **dict.fromkeys(("max_digits", "max_whole_digits"), "must be a number of fewer digits."),
        "min_value": "must be a number from {min_value}.",
    }

    def __init__(self, *, max_digits: int = 14, **options: Any) -> None:
        given = {"required": False, "allow_null": True} | options
        super().__init__(max_digits=max_digits, decimal_places=4, **given)

    def validate_precision(self, value: Decimal) -> Decimal:
        if value.adjusted() > 15:
            self.fail("max_digits", max_digits=self.max_digits)
        return super().validate_precision(round(value, 4))


class Whole(serializers.IntegerField):
    """A whole number between bounds, which are said when it is not."""

    default_error_messages = {**_ABSENT}

    def __init__(self, *, lowest: int, most: int, unit: str = "a whole number", **options: Any):
        faults = ("invalid", "min_value", "max_value", "max_string_length")
        said: dict[str, Any] = dict.fromkeys(faults, f"must be {unit} from {lowest} to {most}.")
        super().__init__(min_value=lowest, max_value=most, error_messages=said, **options)


def units(*, lowest: int = 1, **options: Any) -> Whole:
    return Whole(lowest=lowest, most=MOST_UNITS, **options)


def cents(*, lowest: int = 0, **options: Any) -> Whole:
    return Whole(lowest=lowest, most=MOST_CENTS, unit="whole cents", **options)


class Flag(serializers.BooleanField):
    default_error_messages = {**_ABSENT, "invalid": "must be true or false."}


class Moment(serializers.DateTimeField):
    default_error_messages = {
        **_ABSENT,
        **dict.fromkeys(
            ("invalid", "date", "make_aware", "overflow"),
            "must be a date and time such as 2026-01-31T12:00:00Z.",
        ),
    }


class Many(serializers.ListSerializer[Any]):
    default_error_messages = {
        **_ABSENT,
        "not_a_list": "must be a list.",
        "empty": "must not be empty.",
        "max_length": "must have at most {max_length} entries.",
    }


def many(child: Tolerant, **options: Any) -> Many:
    return Many(child=child, **options)


class PriceTag(Tolerant):
    """Cents added to a line; below zero, a discount."""

    value = cents(lowest=-MOST_CENTS, required=False, allow_null=True)

    def to_internal_value(self, data: Any) -> Any:
        # One of VTEX's own files types these as text: it carries no amount.
        return {} if isinstance(data, str) else super().to_internal_value(data)


class BundleItem(Tolerant):
    price = cents(required=False, allow_null=True)
    quantity = units(lowest=0, required=False, allow_null=True)


class Item(Tolerant):
    id = Id(max_length=100)
    unique_id = Text(max_length=60)
    quantity = units()
    seller = Text(max_length=100)
    price = cents()
    unit_multiplier = Number(max_digits=12, min_value=Decimal(0))
    bundle_items = many(BundleItem(), required=False, allow_null=True)
    price_tags = many(PriceTag(), required=False, allow_null=True)
    is_gift = Flag(required=False, allow_null=True)
    commission = Number()
    freight_commission = Number()


class DeliveryWindow(Tolerant):
    start_date_utc = Moment(required=False, allow_null=True)
    end_date_utc = Moment(required=False, allow_null=True)


class LockTime(Text):
    """How long stock is to be held. None at all is fine, a time of nothing is not."""

    default_error_messages = {"unfit": "must be a time such as 10d, 3bd, 12h or 30m, not of 0."}

    def to_internal_value(self, data: Any) -> str:
        text: str = super().to_internal_value(data)
        if text and not _LOCK_TIME.fullmatch(text):
            self.fail("unfit")
        return text


class Logistics(Tolerant):
    item_index = Whole(lowest=0, most=MOST_ITEMS, required=False)
    selected_sla = Text(max_length=60)
    selected_delivery_channel = Text()
    lock_ttl = LockTime()
    shipping_estimate = Text()
    price = cents(required=False, allow_null=True)
    delivery_window = DeliveryWindow(required=False, allow_null=True)


class Address(Tolerant):
    receiver_name = Text()
    postal_code = Text()
    country = Text()
    state = Text()
    city = Text()


class ShippingData(Tolerant):
    address = Address(required=False, allow_null=True)
    logistics_info = many(Logistics(), max_length=MOST_ITEMS)


class PlacedOrder(Tolerant):
    marketplace_order_id = Segment(max_length=60, **_NEEDED)
    marketplace_order_group = Text(max_length=60)
    marketplace_services_endpoint = Text(max_length=300)
    marketplace_payment_value = cents()
    items = many(Item(), allow_empty=False, max_length=MOST_ITEMS)
    shipping_data = ShippingData()


class Authorization(Tolerant):
    marketplace_order_id = Id(max_length=60)
    marketplace_order_group = Text(max_length=60)
    payment_data = serializers.JSONField(required=False, allow_null=True)


class Cancellation(Tolerant):
    marketplace_order_id = Text(max_length=60)
    cancellation_request_id = Text(max_length=60)
    reason = Text()


class OneOrMany(Many):
    """Where some of VTEX's pages show an array and others its only element."""

    def to_internal_value(self, data: Any) -> Any:
        return super().to_internal_value([data] if isinstance(data, Mapping) else data)


class ChangedItem(Tolerant):
    id = Id(max_length=100)
    unique_id = Text(max_length=60)
    quantity = units()
    seller = Text(max_length=100)
    price = cents(required=False, allow_null=True)
    selling_price = cents(required=False, allow_null=True)
    unit_multiplier = Number(max_digits=12, min_value=Decimal(0))
    manual_discount_value = cents(required=False, allow_null=True)
    manual_increment_value = cents(required=False, allow_null=True)


class ChangedShipping(Tolerant):
    logistics_info = many(Logistics(), max_length=MOST_ITEMS, required=False, allow_null=True)


class ChangedPart(Tolerant):
    items = many(ChangedItem(), max_length=MOST_ITEMS, required=False, allow_null=True)
    shipping_data = ChangedShipping(required=False, allow_null=True)


class Replacement(Tolerant):
    from_ = ChangedPart()
    to = ChangedPart()


def _parts(child: Tolerant) -> OneOrMany:
    return OneOrMany(child=child, max_length=MOST_ITEMS, required=False, allow_null=True)


class ChangeOrder(Tolerant):
    change_request_id = Segment(max_length=60)
    request_id = Segment(max_length=60)
    reason = Text()
    add = _parts(ChangedPart())
    remove = _parts(ChangedPart())
    replace = _parts(Replacement())
    manual_discount_value = cents(required=False, allow_null=True)
    manual_increment_value = cents(required=False, allow_null=True)


class Agreement(Tolerant):
    agreement_type = Text()


class ChangeCancellation(Tolerant):
    reason = Text()


class EventOrigin(Tolerant):
    account = Text()
    key = Text()


class Event(Tolerant):
    order_id = Segment(max_length=60, **_NEEDED)
    state = Text(max_length=60)
    last_change = Text(max_length=40)
    current_change = Text()
    origin = EventOrigin(required=False, allow_null=True)


#: One of each is enough: validating keeps nothing in them, and building them is slow.
PLACED_ORDERS = many(PlacedOrder(), allow_empty=False, max_length=MOST_ORDERS)
PLACED_ORDER = PlacedOrder()
AUTHORIZATION = Authorization()
CANCELLATION = Cancellation()
EVENT = Event()
CHANGE_ORDER = ChangeOrder()
AGREEMENT = Agreement()
CHANGE_CANCELLATION = ChangeCancellation()
