"""Invented shoppers, and the bodies VTEX sends the seller on their behalf."""

import random
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sandbox.orders import line_total, totals
from sandbox.wire import Json, Refused

FIRST = "Ana Bruno Camila Diego Elisa Fábio Gabriela Heitor Iara João Karina Luís Marina".split()
LAST = (
    "Almeida Barbosa Cardoso Duarte Esteves Ferreira Gomes Lima Moura Nunes Pereira Rocha".split()
)
# postal code, city, state, street, neighbourhood, longitude, latitude
PLACES = [
    ("22250-040", "Rio de Janeiro", "RJ", "Praia de Botafogo", "Botafogo", -43.18, -22.94),
    ("01310-100", "São Paulo", "SP", "Avenida Paulista", "Bela Vista", -46.65, -23.56),
    ("80250-000", "Curitiba", "PR", "Avenida Sete de Setembro", "Batel", -49.28, -25.44),
    ("30130-010", "Belo Horizonte", "MG", "Avenida Afonso Pena", "Centro", -43.93, -19.92),
    ("90010-150", "Porto Alegre", "RS", "Rua dos Andradas", "Centro Histórico", -51.23, -30.03),
    ("40026-010", "Salvador", "BA", "Rua Chile", "Centro", -38.51, -12.97),
]


@dataclass(frozen=True)
class Cart:
    items: list[Json]  # id, quantity, and optionally discountCents, services
    postal_code: str
    country: str = "BRA"
    sla: str = ""
    channel: str = "delivery"
    note: str | None = None


def a_place(lot: random.Random) -> str:
    return lot.choice(PLACES)[0]


def simulation(cart: Cart, *, seller: str, sales_channel: str) -> Json:
    items = [{"id": i["id"], "quantity": i["quantity"], "seller": seller} for i in cart.items]
    return {
        "postalCode": cart.postal_code,
        "geoCoordinates": [],
        "country": cart.country,
        "items": items,
        "sc": sales_channel,
        "isCheckedIn": False,
        "marketingData": None,
        "selectedSla": cart.sla or None,
    }


def placement(
    order_id: str, cart: Cart, quote: Json, *, seller: str, endpoint: str, lot: random.Random
) -> Json:
    """The order VTEX would place after `quote`. Raises Refused(409) when checkout would stop."""
    quoted = {row["requestIndex"]: row for row in quote["items"]}
    logistics = {row["itemIndex"]: row for row in quote["logisticsInfo"]}
    for index, item in enumerate(cart.items):
        if quoted.get(index, {}).get("quantity") != item["quantity"]:
            raise Refused(409, "itemQuantityNotAvailable", f"{item['id']}: not enough available.")
    slas = _choose([logistics[i]["slas"] for i in range(len(cart.items))], cart)
    order: Json = {
        "marketplaceOrderId": order_id,
        "marketplaceServicesEndpoint": endpoint,
        "marketplacePaymentValue": 0,
        "marketplaceOrderGroup": order_id.rsplit("-", 1)[0],
        "items": [
            _line(item, quoted[i], seller=seller, lot=lot) for i, item in enumerate(cart.items)
        ],
        "clientProfileData": _shopper(lot),
        "paymentData": None,
        "customData": None,
        "marketingData": {"utmSource": "newsletter", "utmMedium": "email", "utmCampaign": None},
        "openTextField": cart.note,
        "invoiceData": {"userPaymentInfo": {"paymentMethods": ["creditCardPaymentGroup"]}},
    }
    order["shippingData"] = {
        "address": _address(cart, slas[0], order["clientProfileData"], lot),
        "logisticsInfo": [_logistics(i, sla) for i, sla in enumerate(slas)],
        "updateStatus": "updated",
    }
    order["shippingData"]["selectedAddresses"] = [order["shippingData"]["address"]]
    order["marketplacePaymentValue"] = sum(totals(order).values())
    return order


def payment(order_id: str, value: int, lot: random.Random) -> Json:
    """What /fulfill tells of the payment: two keys that differ by case alone, digits as text."""
    paid = {"paymentSystem": "2", "paymentSystemName": "Visa", "group": "creditCard"}
    answer = {
        "Message": "Processing Payment",
        "message": "Transaction approved",
        "tid": str(lot.randrange(10**9, 10**10)),
        "authorizationId": str(lot.randrange(10**5, 10**6)),
        "ReturnCode": "00",
        "delayToAutoSettle": 432000,
        "delayToAutoSettleAfterAntifraud": "12000",
        "paymentId": order_id,
    }
    sums = {"value": value, "installments": 1, "referenceValue": value}
    return {"payments": [paid | sums], "connectorResponses": answer}


def _choose(offers: list[list[Json]], cart: Cart) -> list[Json]:
    """One SLA per line: the wanted one, else one that serves every line, else each its cheapest."""
    chosen = []
    for slas in offers:
        fitting = [sla for sla in slas if sla["id"] == cart.sla] if cart.sla else slas
        fitting = [sla for sla in fitting if cart.sla or sla["deliveryChannel"] == cart.channel]
        if not fitting:
            raise Refused(409, "cannotBeDelivered", "No delivery option for this destination.")
        chosen.append(sorted(fitting, key=lambda sla: (sla["price"], sla["id"])))
    shared = set.intersection(*({sla["id"] for sla in slas} for slas in chosen))
    return [next((sla for sla in slas if sla["id"] in shared), slas[0]) for slas in chosen]


def _line(item: Json, quoted: Json, *, seller: str, lot: random.Random) -> Json:
    bundle = [
        {key: offering[key] for key in ("type", "id", "name", "price")}
        | {"quantity": item["quantity"]}
        for offering in quoted["offerings"][: 1 if item.get("services") else 0]
    ]
    line = {
        "id": item["id"],
        "quantity": item["quantity"],
        "seller": seller,
        "commission": 0,
        "freightCommission": 0,
        "price": quoted["price"],
        "bundleItems": bundle,
        "itemsAttachment": [],
        "attachments": [],
        "priceTags": [],
        "measurementUnit": quoted["measurementUnit"],
        "unitMultiplier": quoted["unitMultiplier"],
        "isGift": False,
    }
    cents = min(item.get("discountCents", 0), line_total(line))
    return line | {"priceTags": [_discount(cents, lot)] if cents else []}


def _discount(cents: int, lot: random.Random) -> Json:
    promotion, calculation = (UUID(int=lot.getrandbits(128), version=4) for _ in range(2))
    return {
        "identifier": str(promotion),
        "isPercentual": False,
        "name": f"discount@price-{promotion}#{calculation}",
        "rawValue": -cents / 100,  # currency units, the one place where VTEX sends a fraction
        "value": -cents,
    }


def _logistics(index: int, sla: Json) -> Json:
    window = next(iter(sla["availableDeliveryWindows"]), None)
    row = {
        "itemIndex": index,
        "selectedSla": sla["id"],
        "selectedDeliveryChannel": sla["deliveryChannel"],
        "lockTTL": "8d",
        "shippingEstimate": sla["shippingEstimate"],
        "price": sla["price"],
        "deliveryWindow": None,
    }
    if window:  # the window's price is part of what the line's delivery costs
        row["price"] += window["price"]
        row["deliveryWindow"] = {**window, "lisPrice": window["price"], "tax": 0}
    return row


def _address(cart: Cart, sla: Json, shopper: Json, lot: random.Random) -> Json:
    name = f"{shopper['firstName']} {shopper['lastName']}"
    if sla["deliveryChannel"] == "pickup-in-point":
        point: Json = sla["pickupStoreInfo"]["address"]
        return {**point, "receiverName": name}
    known = [place for place in PLACES if place[0] == cart.postal_code] or PLACES
    _, city, state, street, neighborhood, longitude, latitude = known[0]
    return {
        "addressType": "residential",
        "receiverName": name,
        "addressId": str(lot.randrange(10**12, 10**13)),
        "postalCode": cart.postal_code,
        "city": city,
        "state": state,
        "country": cart.country,
        "street": street,
        "number": str(lot.randrange(1, 2000)),
        "neighborhood": neighborhood,
        "complement": lot.choice([None, "", "apto 12", "fundos"]),
        "reference": None,
        "geoCoordinates": [longitude, latitude],
    }


def _shopper(lot: random.Random) -> Json:
    profile: dict[str, Any] = dict.fromkeys(
        ("corporateName", "tradeName", "corporateDocument", "stateInscription", "corporatePhone")
    )
    return profile | {
        "id": "clientProfileData",
        "email": f"{lot.getrandbits(128):032x}@ct.vtex.com.br",
        "firstName": lot.choice(FIRST),
        "lastName": lot.choice(LAST),
        "documentType": "cpf",
        "document": _cpf(lot),
        "phone": f"+55119{lot.randrange(10**8):08d}",
        "isCorporate": False,
        "userProfileId": None,
    }


def _cpf(lot: random.Random) -> str:
    digits = [lot.randrange(10) for _ in range(9)]
    for length in (9, 10):
        rest = sum(d * (length + 1 - i) for i, d in enumerate(digits)) * 10 % 11
        digits.append(rest % 10)
    return "".join(map(str, digits))
