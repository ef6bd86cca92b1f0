"""Draws up demo/seller.json: `python -m scripts.demo_seller`. Everything in it is invented.

EANs begin with 200, which GS1 keeps for use inside a shop, so that none is a real product's.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

TARGET = Path(__file__).resolve().parent.parent / "demo" / "seller.json"
Json = dict[str, Any]


class Ware(NamedTuple):
    ref: str
    name: str
    weight_g: int
    size_cm: tuple[float, float, float]
    price: int | None
    list_price: int | None = None
    stock: tuple[int, int, int] = (24, 8, 12)  # São Paulo, Recife, Curitiba


WARES = [
    Ware("1001", "Caneca de cerâmica Aurora 350 ml, azul", 380, (10, 12, 9), 4990, 5990),
    Ware("1002", "Caneca de cerâmica Aurora 350 ml, terracota", 380, (10, 12, 9), 4990),
    Ware("1003", "Conjunto de 6 xícaras de café com pires", 1650, (18, 32, 24), 15990, 18990),
    Ware("1004", "Prato raso de porcelana 26 cm", 620, (3, 26, 26), 3890),
    Ware("1005", "Prato fundo de porcelana 22 cm", 540, (5, 22, 22), 3690),
    Ware("1006", "Aparelho de jantar 20 peças, branco", 9800, (34, 42, 36), 54990, 64990),
    Ware("1007", "Travessa oval de grés 32 cm", 1280, (6, 32, 22), 8990),
    Ware("1008", "Saladeira de vidro 3 litros", 1740, (13, 27, 27), 7490, 8990),
    Ware("1009", "Jarra de vidro com tampa de bambu 1,2 litro", 860, (24, 14, 11), 6990),
    Ware("1010", "Conjunto de 6 copos de vidro 300 ml", 1520, (14, 25, 17), 5990),
    Ware("1011", "Taça de vinho 450 ml, caixa com 2", 480, (24, 20, 11), 8490),
    Ware("2001", "Panela de ferro esmaltado 24 cm, vermelha", 4900, (17, 33, 26), 45900, 52900),
    Ware("2002", "Frigideira antiaderente 28 cm", 1180, (9, 49, 29), 15990),
    Ware("2003", "Chaleira de inox 2 litros", 890, (23, 22, 20), 12990, 14990),
    Ware("2004", "Faqueiro de inox 24 peças", 1420, (6, 38, 25), 18990),
    Ware("2005", "Tábua de corte de teca 40 cm", 1350, (3, 40, 26), 9990),
    Ware("2006", "Moedor de pimenta de madeira", 260, (16, 6, 6), 7990),
    Ware("2007", "Pote hermético de vidro 1 litro", 690, (17, 11, 11), 3290),
    Ware("2008", "Conjunto de 3 potes para mantimentos", 1980, (22, 34, 13), 9490),
    Ware("2009", "Escorredor de louça dobrável de bambu", 1600, (8, 43, 33), 11990),
    Ware("3001", "Toalha de banho felpuda 70 × 140 cm, areia", 520, (6, 35, 25), 6990, 7990),
    Ware("3002", "Toalha de rosto felpuda 50 × 80 cm, areia", 210, (4, 25, 20), 3490),
    Ware("3003", "Jogo de cama queen 4 peças, algodão 200 fios", 2400, (9, 38, 30), 29990, 34990),
    Ware("3004", "Manta de tricô 120 × 160 cm, cru", 1250, (12, 40, 32), 18990),
    Ware("3005", "Capa de almofada de linho 45 × 45 cm, verde", 180, (2, 30, 25), 5490),
    Ware("3006", "Enchimento de almofada 45 × 45 cm", 450, (15, 45, 45), 2990),
    Ware("3007", "Tapete de algodão 60 × 90 cm, listrado", 980, (10, 60, 14), 8990),
    Ware("3008", "Avental de brim com bolsos", 340, (3, 30, 25), 7490),
    Ware("4001", "Vela aromática de capim-limão 180 g", 420, (9, 8, 8), 5990),
    Ware("4002", "Difusor de ambiente de figo 250 ml", 560, (12, 8, 8), 8990, 9990),
    Ware("4003", "Vaso de cerâmica canelado 20 cm", 1380, (21, 18, 18), 10990),
    Ware("4004", "Porta-retratos de madeira 10 × 15 cm", 310, (2, 20, 15), 4490),
    Ware("4005", "Luminária de mesa de bambu", 1490, (42, 26, 26), 22990),
    Ware("4006", "Relógio de parede 30 cm, nogueira", 870, (5, 31, 31), 13990),
    Ware("4007", "Cesto organizador de fibra, médio", 720, (24, 32, 32), 9990),
    Ware("4008", "Espelho redondo 50 cm, moldura de couro", 3200, (4, 54, 54), 25990),
]
# What a shop has besides what it sells well: goods by weight, no price yet, retired, sold out.
BY_WEIGHT = Ware("5001", "Pot-pourri de lavanda a granel", 500, (12, 20, 14), 7980)
UNPRICED = Ware("5002", "Bandeja de murano, coleção nova", 1900, (5, 45, 30), None)
RETIRED = Ware("5003", "Caneca de cerâmica Aurora 350 ml, edição de 2023", 380, (10, 12, 9), 3990)
SOLD_OUT = Ware("5004", "Bule de ágata 1,5 litro", 780, (22, 20, 14), 11990, stock=(0, 0, 0))

GIFT_WRAP = {"type": "giftwrap", "id": "1", "name": "Embalagem para presente", "price": 790}
WAREHOUSES = [
    {
        "code": "SAO",
        "name": "Centro de distribuição São Paulo",
        "postal_code": "05069-010",
        "country": "BRA",
        "priority": 0,
        "cutoff": "15:00",
        "handling_days": 0,
    },
    {
        "code": "CWB",
        "name": "Depósito Curitiba",
        "postal_code": "80215-090",
        "country": "BRA",
        "priority": 1,
        "cutoff": "14:00",
        "handling_days": 1,
    },
    {
        "code": "REC",
        "name": "Depósito Recife",
        "postal_code": "50030-230",
        "country": "BRA",
        "priority": 2,
        "cutoff": "13:00",
        "handling_days": 1,
    },
]
CODES_OF_STOCK = ("SAO", "REC", "CWB")

#: Zones by distance from São Paulo: postal prefixes of five digits, both ends inclusive.
ZONES = {
    "são paulo": [("01000", "19999")],
    "south-east": [("20000", "28999"), ("29000", "29999"), ("30000", "39999")],
    "south": [("80000", "87999"), ("88000", "89999"), ("90000", "99999")],
    "centre-west": [
        ("70000", "72799"),
        ("72800", "72999"),
        ("73000", "73699"),
        ("73700", "76799"),
        ("78000", "78999"),
        ("79000", "79999"),
    ],
    "north-east": [
        ("40000", "48999"),
        ("49000", "49999"),
        ("50000", "56999"),
        ("57000", "57999"),
        ("58000", "58999"),
        ("59000", "59999"),
        ("60000", "63999"),
        ("64000", "64999"),
        ("65000", "65999"),
    ],
    "north": [
        ("66000", "68899"),
        ("68900", "68999"),
        ("69000", "69299"),
        ("69300", "69399"),
        ("69400", "69899"),
        ("69900", "69999"),
        ("76800", "76999"),
        ("77000", "77999"),
    ],
}
BANDS = {1_000: 100, 5_000: 170, 30_000: 390}  # up to grams: percent of the zone's price
ECONOMY = {
    "são paulo": (1290, "3bd"),
    "south-east": (1690, "5bd"),
    "south": (1790, "5bd"),
    "centre-west": (2190, "7bd"),
    "north-east": (2590, "9bd"),
    "north": (3290, "12bd"),
}
EXPRESS = {
    "são paulo": (2190, "1bd"),
    "south-east": (3190, "2bd"),
    "south": (3390, "2bd"),
    "centre-west": (4490, "3bd"),
    "north-east": (4990, "4bd"),
}
GREATER_SAO_PAULO = ("01000", "09999")
PERNAMBUCO = ("50000", "56999")


def document() -> Json:
    return {
        "format": 1,
        "account": {
            "slug": "casa-aurora",
            "name": "Casa Aurora",
            "seller_id": "casaaurora",
            "marketplace_account": "grandevitrine",
            "country": "BRA",
            "currency": "BRL",
            "timezone": "America/Sao_Paulo",
            "affiliate_id": "CAR",
        },
        "warehouses": WAREHOUSES,
        "pickup_points": [_paulista(), _recife()],
        "skus": list(_skus()),
        "stock": list(_stock()),
        "shipping_policies": list(_policies()),
    }


def _skus() -> Iterator[Json]:
    for number, ware in enumerate(_all_wares(), start=1):
        yield _sku(ware, number)


def _all_wares() -> list[Ware]:
    return [*WARES, BY_WEIGHT, UNPRICED, RETIRED, SOLD_OUT]


def _sku(ware: Ware, number: int) -> Json:
    height, width, length = ware.size_cm
    by_weight = ware is BY_WEIGHT
    return {
        "id": ware.ref,
        "name": ware.name,
        "ref_id": f"CA-{ware.ref}",
        "ean": ean13(f"200{number:09d}"),
        "weight_g": ware.weight_g,
        "height_cm": height,
        "width_cm": width,
        "length_cm": length,
        "price": ware.price,
        "list_price": ware.list_price,
        "price_valid_until": None,
        "measurement_unit": "kg" if by_weight else "un",
        "unit_multiplier": 0.5 if by_weight else 1,
        "active": ware is not RETIRED,
        "offerings": [GIFT_WRAP] if ware.ref.startswith(("1", "4")) else [],
        "sales_channel_prices": list(_channel_prices(ware)),
    }


def _channel_prices(ware: Ware) -> Iterator[Json]:
    """Channel 2 sells tableware to companies, a tenth below the shop's price."""
    if ware.price and ware.ref.startswith("10"):
        yield {"sales_channel": "2", "price": ware.price * 9 // 10, "list_price": ware.price}


def _stock() -> Iterator[Json]:
    for ware in _all_wares():
        for code, on_hand in zip(CODES_OF_STOCK, ware.stock, strict=True):
            yield {
                "sku": ware.ref,
                "warehouse": code,
                "on_hand": on_hand,
                "safety": min(on_hand, 1),
            }


def _policies() -> Iterator[Json]:
    everywhere = ["SAO", "CWB", "REC"]
    yield _delivery("economica", "Entrega econômica", everywhere, list(_rates(ECONOMY)))
    yield _delivery("expressa", "Entrega expressa", everywhere, list(_rates(EXPRESS)))
    scheduled = [_rate(GREATER_SAO_PAULO, weight, 2490, "1bd") for weight in BANDS]
    yield _delivery("agendada", "Entrega agendada", ["SAO"], scheduled)
    free = _rate(ZONES["são paulo"][0], None, 0, "1bd")
    yield _pickup("retira-paulista", "Retira na Paulista", "SAO", "paulista", free)
    free = _rate(PERNAMBUCO, None, 0, "1bd")
    yield _pickup("retira-recife", "Retira no Recife Antigo", "REC", "recife-antigo", free)


def _delivery(ref: str, name: str, warehouses: list[str], rates: list[Json]) -> Json:
    return {
        "id": ref,
        "name": name,
        "channel": "delivery",
        "warehouses": warehouses,
        "pickup_point": None,
        "rates": rates,
    }


def _pickup(ref: str, name: str, warehouse: str, point: str, rate: Json) -> Json:
    return _delivery(ref, name, [warehouse], [rate]) | {
        "channel": "pickup-in-point",
        "pickup_point": point,
    }


def _rates(prices: dict[str, tuple[int, str]]) -> Iterator[Json]:
    for zone, (price, estimate) in prices.items():
        for span in ZONES[zone]:
            for weight, percent in BANDS.items():
                yield _rate(span, weight, price * percent // 100, estimate)


def _rate(span: tuple[str, str], weight: int | None, price: int, estimate: str) -> Json:
    return {
        "country": "BRA",
        "postal_from": f"{span[0]}000",
        "postal_to": f"{span[1]}999",
        "max_weight_g": weight,
        "price": price,
        "estimate": estimate,
    }


def _paulista() -> Json:
    return {
        "id": "paulista",
        "friendly_name": "Casa Aurora Paulista",
        "additional_info": "Segunda a sábado, das 10h às 20h",
        "address": {
            "postal_code": "01310-100",
            "city": "São Paulo",
            "state": "SP",
            "country": "BRA",
            "street": "Avenida Paulista",
            "number": "9000",
            "neighborhood": "Bela Vista",
            "complement": "Loja 12",
            "reference": "",
            "geo_coordinates": [-46.6543, -23.5636],
        },
    }


def _recife() -> Json:
    return {
        "id": "recife-antigo",
        "friendly_name": "Casa Aurora Recife Antigo",
        "additional_info": "Segunda a sexta, das 9h às 18h",
        "address": {
            "postal_code": "50030-230",
            "city": "Recife",
            "state": "PE",
            "country": "BRA",
            "street": "Rua da Aurora Velha",
            "number": "77",
            "neighborhood": "Recife",
            "complement": "",
            "reference": "Ao lado do cais",
            "geo_coordinates": [-34.8711, -8.0631],
        },
    }


def ean13(body: str) -> str:
    """Twelve digits and their check digit."""
    weighted = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(body))
    return f"{body}{-weighted % 10}"


if __name__ == "__main__":
    TARGET.write_text(json.dumps(document(), ensure_ascii=False, indent=2) + "\n")
    print(f"{TARGET}: {len(_all_wares())} SKUs")
