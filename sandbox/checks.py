"""What a checkout would stumble over in the seller's quote, said in words."""

import re
from typing import Any

from sandbox.wire import Json

ESTIMATE = re.compile(r"[1-9]\d*(bd|d|h|m)")
ITEM = "id listPrice measurementUnit merchantName offerings price priceTags priceValidUntil".split()
ITEM += ["quantity", "requestIndex", "seller", "unitMultiplier"]
ROW = ["itemIndex", "quantity", "shipsTo", "slas", "stockBalance", "deliveryChannels"]
SLA = "id deliveryChannel name price shippingEstimate availableDeliveryWindows".split()
SLA += ["pickupStoreInfo"]


def quote_faults(asked: Json, quote: Any) -> list[str]:
    """Empty when the quote keeps the contract. An answer that is no quote at all is one fault."""
    try:
        return [*_top(asked, quote), *_items(asked, quote), *_rows(asked, quote)]
    except (TypeError, KeyError, AttributeError, IndexError) as error:
        return [f"The answer is not a simulation ({type(error).__name__}: {error})."]


def _missing(where: str, keys: list[str], row: Json) -> list[str]:
    return [f"{where}.{key}: missing" for key in keys if key not in row]


def _top(asked: Json, quote: Json) -> list[str]:
    faults = _missing("answer", ["country", "postalCode", "items", "logisticsInfo"], quote)
    for key in ("country", "postalCode"):
        if quote.get(key) != asked.get(key):
            faults.append(f"{key}: {quote.get(key)!r} is not the {asked.get(key)!r} asked for")
    return faults


def _items(asked: Json, quote: Json) -> list[str]:
    faults = []
    for row in quote["items"]:
        where = f"items[{row['requestIndex']}]"
        faults += _missing(where, ITEM, row)
        line = asked["items"][row["requestIndex"]]
        if (row["id"], row["seller"]) != (line["id"], line["seller"]):
            faults.append(f"{where}: id or seller is not the one asked for")
        faults += [f"{where}.{k}: not whole cents" for k in ("price", "listPrice") if _odd(row[k])]
        if row["quantity"] > line["quantity"]:
            faults.append(f"{where}.quantity: more than asked for")
    return faults


def _rows(asked: Json, quote: Json) -> list[str]:
    faults = []
    for row in quote["logisticsInfo"]:
        where = f"logisticsInfo[{row['itemIndex']}]"
        faults += _missing(where, ROW, row)
        if row["quantity"] == 0 and row["stockBalance"] > 0:
            faults.append(f"{where}: quantity 0 beside stock lets checkout sell any quantity")
        if row["slas"] and not asked.get("postalCode"):
            faults.append(f"{where}.slas: offered without a destination")
        for sla in row["slas"]:
            faults += _sla(f"{where}.slas[{sla.get('id')}]", sla)
    return faults


def _sla(where: str, sla: Json) -> list[str]:
    faults = _missing(where, SLA, sla)
    if _odd(sla["price"]):
        faults.append(f"{where}.price: not whole cents")
    if not ESTIMATE.fullmatch(sla["shippingEstimate"]):
        faults.append(f"{where}.shippingEstimate: {sla['shippingEstimate']!r} is not understood")
    if (sla["deliveryChannel"] == "pickup-in-point") != bool(sla["pickupStoreInfo"]):
        faults.append(f"{where}.pickupStoreInfo: does not fit the delivery channel")
    return faults


def _odd(cents: Any) -> bool:
    return not isinstance(cents, int) or isinstance(cents, bool) or cents < 0
