"""The shape of VTEX's calls: what we read of each, and within which bounds."""

from __future__ import annotations

import re
from typing import Any

from orders.reading import (
    Read,
    Shape,
    Unfit,
    anything,
    flag,
    many,
    moment,
    needed,
    number,
    one_or_many,
    short,
    text,
    whole,
)

MOST_ITEMS = 500
MOST_ORDERS = 50
MOST_UNITS = 1_000_000
#: A hundred million of the currency: more is a slip, and sums stay far from what bigint holds.
MOST_CENTS = 10_000_000_000
_LOCK_TIME = re.compile(r"(?=[0-9]{1,4}[a-z])0*[1-9][0-9]*(?:bd|d|h|m)")
_UNFIT = frozenset('/\\?#%<>" ')


def filled(read: Read) -> needed:
    """Text that must be there and say something."""

    def read_filled(value: Any) -> str:
        if value == "":
            raise Unfit("must not be empty.")
        found: str = read(value)
        return found

    return needed(read_filled)


def segment(most: int) -> Read:
    """An id that our own calls carry in their path: what would lead elsewhere there is refused."""
    read_short = short(most)

    def read(value: Any) -> str:
        found: str = read_short(value)
        if found in (".", "..") or not found.isprintable() or not _UNFIT.isdisjoint(found):
            raise Unfit(_MUST_FIT)
        return found

    return read


_MUST_FIT = (
    "must fit into an address: no spaces, control characters or any of "
    f"{' '.join(sorted(_UNFIT - {' '}))}, and not . or .. alone."
)


def units(*, lowest: int = 1) -> Read:
    return whole(lowest=lowest, most=MOST_UNITS)


def cents(*, lowest: int = 0) -> Read:
    return whole(lowest=lowest, most=MOST_CENTS, unit="whole cents")


def lock_time(value: Any) -> str:
    """How long stock is to be held. None at all is fine, a time of nothing is not."""
    found = text(value)
    if found and not _LOCK_TIME.fullmatch(found):
        raise Unfit("must be a time such as 10d, 3bd, 12h or 30m, not of 0.")
    return found


def price_tag(value: Any) -> dict[str, Any]:
    """Cents added to a line; below zero, a discount."""
    # One of VTEX's own files types tags as text: such a one carries no amount.
    return {} if isinstance(value, str) else _PRICE_TAG(value)


_PRICE_TAG = Shape(value=cents(lowest=-MOST_CENTS))

BUNDLE_ITEM = Shape(name=anything, price=cents(), quantity=units(lowest=0))

ITEM = Shape(
    id=filled(short(100)),
    unique_id=short(60),
    quantity=needed(units()),
    seller=short(100),
    price=needed(cents()),
    unit_multiplier=number(digits=8, lowest=0),
    bundle_items=many(BUNDLE_ITEM),
    price_tags=many(price_tag),
    item_attachment=anything,
    items_attachment=anything,
    attachments=anything,
    is_gift=flag,
    commission=number(digits=10),
    freight_commission=number(digits=10),
)

LOGISTICS = Shape(
    item_index=whole(lowest=0, most=MOST_ITEMS),
    selected_sla=short(60),
    selected_delivery_channel=text,
    lock_ttl=lock_time,
    shipping_estimate=text,
    price=cents(),
    delivery_window=Shape(start_date_utc=moment, end_date_utc=moment),
)

ADDRESS = Shape(receiver_name=text, postal_code=text, country=text, state=text, city=text)

PLACED_ORDER = Shape(
    marketplace_order_id=filled(segment(60)),
    marketplace_order_group=short(60),
    marketplace_services_endpoint=short(300),
    marketplace_payment_value=needed(cents()),
    items=needed(many(ITEM, fewest=1, most=MOST_ITEMS)),
    shipping_data=needed(
        Shape(address=ADDRESS, logistics_info=needed(many(LOGISTICS, most=MOST_ITEMS)))
    ),
)

PLACED_ORDERS = many(PLACED_ORDER, fewest=1, most=MOST_ORDERS)

AUTHORIZATION = Shape(
    marketplace_order_id=filled(short(60)),
    marketplace_order_group=short(60),
    payment_data=anything,
)

CANCELLATION = Shape(marketplace_order_id=short(60), cancellation_request_id=short(60), reason=text)

CHANGED_ITEM = Shape(
    id=filled(short(100)),
    unique_id=short(60),
    quantity=needed(units()),
    seller=short(100),
    price=cents(),
    selling_price=cents(),
    unit_multiplier=number(digits=8, lowest=0),
    manual_discount_value=cents(),
    manual_increment_value=cents(),
)

CHANGED_PART = Shape(
    items=many(CHANGED_ITEM, most=MOST_ITEMS),
    shipping_data=Shape(logistics_info=many(LOGISTICS, most=MOST_ITEMS)),
)

CHANGE_ORDER = Shape(
    change_request_id=segment(60),
    request_id=segment(60),
    reason=text,
    add=one_or_many(CHANGED_PART, most=MOST_ITEMS),
    remove=one_or_many(CHANGED_PART, most=MOST_ITEMS),
    replace=one_or_many(
        Shape(from_=needed(CHANGED_PART), to=needed(CHANGED_PART)), most=MOST_ITEMS
    ),
    manual_discount_value=cents(),
    manual_increment_value=cents(),
)

AGREEMENT = Shape(agreement_type=text)

CHANGE_CANCELLATION = Shape(reason=text)

EVENT = Shape(
    order_id=filled(segment(60)),
    state=text,
    last_change=text,
    current_change=text,
    origin=Shape(account=text, key=text),
)
