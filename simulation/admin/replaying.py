"""A recorded answer, opened: what it rested on, and what today's core makes of the same."""

from __future__ import annotations

import difflib
import zlib
from dataclasses import dataclass

import orjson
from django.utils.translation import gettext as _

from simulation import core, preserving, wire
from simulation.admin.telling import pretty
from simulation.explain import Explanation, explain
from simulation.models import SimulationCapture
from simulation.types import Cart


@dataclass(frozen=True)
class Opened:
    """`difference` is empty when today's core gives the same bytes; None: nothing to replay."""

    answer: str
    cart: Cart | None
    explanation: Explanation | None
    refusal: str
    difference: list[str] | None


def opened(capture: SimulationCapture) -> Opened:
    stored = zlib.decompress(bytes(capture.answer))
    refusal = "" if capture.status == 200 else orjson.loads(stored)["error"]["message"]
    if not capture.payload:
        return Opened(pretty(stored), None, None, refusal, None)
    kept = preserving.unpack(bytes(capture.payload))
    if kept.snapshot is None or capture.status != 200:
        return Opened(pretty(stored), kept.cart, None, refusal, None)
    today = wire.render(core.simulate(kept.cart, kept.snapshot, kept.now))
    told = explain(kept.cart, kept.snapshot, kept.now, currency=capture.account.currency)
    return Opened(pretty(stored), kept.cart, told, "", difference(stored, today))


def difference(stored: bytes, today: bytes) -> list[str]:
    """The lines that differ; empty when every byte is the same."""
    if stored == today:
        return []
    before, after = pretty(stored).splitlines(), pretty(today).splitlines()
    changed = list(difflib.unified_diff(before, after, lineterm="", n=2))[2:]
    return changed or [_("The same values, written differently.")]


def as_request(cart: Cart) -> str:
    """The cart as a request that can be asked again."""
    document = {
        "items": [
            {"id": item.ref, "quantity": item.quantity, "seller": item.seller}
            for item in cart.items
        ],
        "postalCode": cart.postal_code,
        "country": cart.country,
        "sc": cart.sales_channel,
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()
