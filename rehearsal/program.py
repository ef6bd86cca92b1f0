"""The scenes in their order, and how each went."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from rehearsal import books, cancelling, changing, crowding, noticing, placing, returning, shipping
from rehearsal.stage import Broken, Stage
from sandbox.client import StandInError
from sellers.errors import DomainError

Scene = tuple[str | Promise, Callable[[Stage], None]]


@dataclass(frozen=True)
class Verdict:
    """`fault` is empty when the scene passed."""

    title: str | Promise
    seconds: float
    fault: str


def scenes(*, chaos: bool, crowd: int) -> list[Scene]:
    """What is played; the last ones look at the books, when all the rest is over."""
    played: list[Scene] = [
        (_("The shop window is filled: GET and POST agree"), placing.shop_window),
        (_("Checkout with an address: a delivery for every line"), placing.checkout),
        (_("Strangers are turned away"), placing.strangers),
        (_("An order is placed and its stock held"), placing.placement),
        (_("Placed again, four times: byte for byte the same answer"), placing.placement_again),
        (_("Placed again with other content: refused with 409"), placing.other_content),
        (_("Paid four times: one receipt"), placing.fulfil_twice),
        (_("Paid after the hold was over: held again"), placing.late_fulfil),
        (_("Three packages, three invoices, to the cent"), shipping.partial_invoices),
        (_("Handed over: tracking at the marketplace"), shipping.handed_over),
        (_("Delivered, and the marketplace knows"), shipping.delivered),
        (_("Cancelled before handling, asked twice"), cancelling.before_handling),
        (_("Cancelled during packing: evaluated, then decided"), cancelling.during_packing),
        (_("Cancellation refused by the invoice"), cancelling.refused_by_invoice),
        (_("Cancelled by the seller"), cancelling.by_seller),
        (
            _("The seller can’t cancel what is partly invoiced"),
            cancelling.by_seller_when_partly_invoiced,
        ),
        (_("Changed during packing: agreed in four steps"), changing.agreed),
        (_("A change refused: packing goes on"), changing.refused),
        (_("Returned, refunded, then cancelled"), returning.return_and_cancel),
        (_("Hook events, doubled and out of order"), noticing.hook_events),
    ]
    if chaos:
        played.append((_("A crowd in bad weather"), partial(crowding.crowd, orders=crowd)))
    return [
        *played,
        (_("Every message arrived"), books.everything_arrived),
        (_("Seen in the order: the second tick"), shipping.seen_in_the_order),
        (_("Nothing took effect twice"), books.no_double_effects),
        (_("No anomaly at the marketplace"), books.no_anomalies),
        (_("Stock, ledger and holds agree"), books.stock_audit),
    ]


def perform(stage: Stage, scene: Scene) -> Verdict:
    """One scene, whatever became of those before it."""
    title, act = scene
    started = time.monotonic()
    try:
        act(stage)
        fault = ""
    except (Broken, StandInError) as broken:
        fault = str(broken)
    except DomainError as refusal:
        fault = refusal.message
    return Verdict(title, time.monotonic() - started, fault)
