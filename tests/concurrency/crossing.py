"""Two deciders about one order, let loose at each other; and what a race is without the lock."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from invoicing import packing
from invoicing.models import Invoice, Package
from orders import moving
from orders.auditing import findings
from orders.models import Order, OrderChange
from orders.states import Status
from tests.builders import Line, a_placement
from tests.concurrency import crossing
from tests.orders.conftest import Marketplace


@dataclass
class _Crossing:
    """One decider has decided; the other one has ended in the meantime."""

    decided: threading.Event = field(default_factory=threading.Event)
    overtaken: threading.Event = field(default_factory=threading.Event)


#: Only in controls: races cross as they like.
_staged: list[_Crossing] = []


def without_the_lock(monkeypatch: pytest.MonkeyPatch, *, slow: tuple[Any, str]) -> None:
    """Deciders read the order without holding it, and one is overtaken by the other.

    `slow` is a function (module, name) that comes after a decision and before anything is written:
    there the decider waits until the call that is `passing` has ended.
    """

    def read(*, order_id: int) -> Order:
        return Order.objects.get(pk=order_id)

    stage, (module, name) = _Crossing(), slow
    quick = getattr(module, name)

    def slowly(*given: Any, **named: Any) -> Any:
        stage.decided.set()
        stage.overtaken.wait(timeout=20)
        return quick(*given, **named)

    monkeypatch.setattr(crossing, "_staged", [stage])
    monkeypatch.setattr(moving, "lock", read)
    monkeypatch.setattr(module, name, slowly)


def passing(call: Callable[[], Any]) -> Callable[[], Any]:
    """The same call; in a control it goes while the slow one thinks."""

    def run() -> Any:
        for stage in crossing._staged:
            stage.decided.wait(timeout=20)
        try:
            return call()
        finally:
            for stage in crossing._staged:
                stage.overtaken.set()

    return run


def a_paid_order(vtex: Marketplace, number: int, *, units: int = 2) -> Order:
    theirs = f"{number}-01"
    ours = vtex.placed(a_placement(Line(quantity=units, freight=990), order_id=theirs))
    assert vtex.fulfill(ours, theirs).status_code == 200
    return Order.objects.get(seller_order_id=ours)


def a_package(order: Order, units: int) -> Package:
    package = packing.open_package(order=order, now=timezone.now(), actor=None)
    put(package, units)
    return package


def put(package: Package, units: int) -> Any:
    line = package.order.lines.get(index=0)
    return packing.put(package=package, line=line, quantity=units, now=timezone.now(), actor=None)


def close(package: Package) -> Invoice:
    return packing.close(package=package, now=timezone.now(), actor=None)


def broken_promises() -> list[str]:
    """What must never be so, whoever won."""
    found = [str(finding) for finding in findings(now=timezone.now())]
    live = Invoice.objects.filter(voided_at=None)
    if live.filter(order__status=Status.CANCELLED).exists():
        found.append("a cancelled order has an invoice")
    if live.filter(order__changes__status__in=OrderChange.OPEN).exists():
        found.append("an order with an open change has an invoice")
    with transaction.atomic():
        for order in Order.objects.filter(status=Status.INVOICED):
            values = order.invoices.filter(voided_at=None).values_list("value_cents", flat=True)
            if sum(values) != order.payment_value_cents:
                found.append("invoices do not add up to what is paid")
    return found
