"""Many workers, the same events, and the marketplace calling meanwhile: the effect of one."""

from __future__ import annotations

from functools import partial

from orders.erasing import erase_personal_data
from orders.models import Order, OrderEvent
from orders.states import Status
from orders.tasks import process_events
from sellers.models import StockMovement
from tests.builders import NOW, a_placement
from tests.concurrency.racing import together
from tests.orders.conftest import levels
from tests.orders.events import an_event

ROUNDS = 6


def test_acts_once_however_many_workers_take_the_same_events(vtex):
    vtex.placed(a_placement())
    for at in range(3):
        vtex.post("/hook", an_event("canceled", at=at))
    settled = together([process_events] * 6)
    assert sum(settled) == 3
    assert Order.objects.get().timeline.filter(code="over-there").count() == 1
    assert StockMovement.objects.filter(kind="release").count() == 1
    assert levels() == {("1001", "sp"): (10, 0)}


def test_stores_a_change_once_however_often_it_comes_at_once(vtex):
    answers = together([partial(vtex.post, "/hook", an_event())] * 8)
    assert {answer.status_code for answer in answers} == {200}
    assert OrderEvent.objects.count() == 1


def test_gives_stock_back_once_when_event_and_call_say_the_same_at_once(vtex):
    for round_ in range(ROUNDS):
        theirs = f"{round_}-01"
        ours = vtex.placed(a_placement(order_id=theirs))
        vtex.post("/hook", an_event("canceled", OrderId=theirs))
        settled, answer = together([process_events, partial(vtex.cancel, ours, theirs)])
        assert (settled, answer.status_code) == (1, 200)
        assert Order.objects.get(seller_order_id=ours).status == Status.CANCELLED
    assert StockMovement.objects.filter(kind="release").count() == ROUNDS
    assert levels() == {("1001", "sp"): (10, 0)}


def test_does_not_deadlock_with_the_erasure_that_cleans_events(vtex):
    for round_ in range(ROUNDS):
        theirs = f"{round_}-01"
        ours = vtex.placed(a_placement(order_id=theirs))
        vtex.cancel(ours, theirs)
        for at in range(5):
            vtex.post("/hook", an_event("canceled", at=at, OrderId=theirs))
        order = Order.objects.get(seller_order_id=ours)
        erase = partial(erase_personal_data, order=order, now=NOW, actor=None)
        settled, erased = together([process_events, erase])
        assert (settled, erased) == (5, True)
