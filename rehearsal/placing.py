"""Scenes up to the payment: shop window, checkout, placement, authorisation."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import requests
from django.utils import timezone

from orders.expiring import expire_due
from orders.models import Order
from orders.states import Status
from rehearsal.stage import Json, Stage, require, said
from sellers.models import Hold

AT_ONCE = 3
_SECONDS = 15


def shop_window(stage: Stage) -> None:
    answer = stage.market.indexation(list(stage.goods))
    require(answer["httpStatus"] == 200, said(answer))
    require(not answer["faults"], "; ".join(answer["faults"][:3]))


def checkout(stage: Stage) -> None:
    items = [{"id": ref, "quantity": 1} for ref in stage.goods[:3]]
    where = {"postalCode": stage.postal_code, "country": stage.account.country}
    answer = stage.market.checkout(items, **where)
    require(answer["httpStatus"] == 200, said(answer))
    require(not answer["faults"], "; ".join(answer["faults"][:3]))
    rows = answer["answer"]["logisticsInfo"]
    require(all(row["slas"] for row in rows), "A line has no delivery option.")


def strangers(stage: Stage) -> None:
    """Wrong credentials, and a hook without its secret: refused before anything is read."""
    endpoint = stage.portal_url.rstrip("/") + stage.account.fulfillment_path
    wrong = {"X-VTEX-API-AppKey": "wrong", "X-VTEX-API-AppToken": "wrong"}
    before = _orders(stage)
    with requests.Session() as session:
        session.trust_env = False
        for path, body in (("/pvt/orders", []), ("/hook", {"hookConfig": "ping"})):
            answer = session.post(endpoint + path, json=body, headers=wrong, timeout=_SECONDS)
            require(answer.status_code == 401, f"{path}: HTTP {answer.status_code}, not 401")
    require(_orders(stage) == before, "A stranger placed an order.")


def _orders(stage: Stage) -> int:
    return Order.objects.filter(account=stage.account).count()


def placement(stage: Stage) -> None:
    order = stage.place(2, 1, discount_cents=3)
    shown = stage.shown(order)
    require(order.status == Status.RESERVED, f"The order is {order.status}.")
    require(order.payment_value_cents == shown["value"], "The value is another one.")
    require(order.seller_order_id == shown["sellerOrderId"], "The reservation id is another one.")
    require(stage.held(order) == 3, f"{stage.held(order)} units are held, not 3.")
    stage.played["placed"] = order.marketplace_order_id


def placement_again(stage: Stage) -> None:
    """Retries, one after the other and at once: the very same bytes, nothing held twice."""
    order = stage.earlier("placed")
    known = order.marketplace_order_id
    with ThreadPoolExecutor(AT_ONCE) as threads:
        answers = [stage.market.place_again(known)["orders"][0]]
        answers += threads.map(
            lambda _: stage.market.place_again(known)["orders"][0], range(AT_ONCE)
        )
    statuses = [answer["httpStatus"] for answer in answers]
    require(set(statuses) == {200}, f"A retry was answered with HTTP {statuses}.")
    require(len({answer["sha256"] for answer in answers}) == 1, "Two retries got different bytes.")
    require(answers[0]["answer"][0]["orderId"] == order.seller_order_id, "A retry got a second id.")
    require(stage.held(order) == 3, f"{stage.held(order)} units are held, not 3.")


def other_content(stage: Stage) -> None:
    order = stage.earlier("placed")
    items: list[Json] = stage.shown(order)["items"]
    changed = [items[0] | {"quantity": items[0]["quantity"] + 1}, *items[1:]]
    answer = stage.market.place_again(order.marketplace_order_id, items=changed)["orders"][0]
    require(answer["httpStatus"] == 409, f"{said(answer)}, not 409")
    require(stage.held(order) == 3, "The first order was touched.")


def fulfil_twice(stage: Stage) -> None:
    order = stage.earlier("placed")
    known = order.marketplace_order_id
    with ThreadPoolExecutor(AT_ONCE) as threads:
        answers = list(threads.map(lambda _: stage.market.fulfill(known), range(AT_ONCE)))
        answers.append(stage.market.fulfill(known))
    statuses = [answer["httpStatus"] for answer in answers]
    require(set(statuses) == {200}, f"A payment was answered with HTTP {statuses}.")
    receipts = {answer["answer"]["receipt"] for answer in answers}
    require(len(receipts) == 1, "Two receipts for one payment.")
    moves = stage.order(known).timeline.filter(to_status=Status.AUTHORIZED).count()
    require(moves == 1, f"The order was authorised {moves} times.")


def late_fulfil(stage: Stage) -> None:
    """Paid after the reservation's time was over: the units are found again."""
    order = stage.place(2)
    past = timezone.now() - timedelta(minutes=1)
    Order.objects.filter(pk=order.pk).update(hold_expires_at=past)
    Hold.objects.filter(seller_order_id=order.seller_order_id).update(expires_at=past)

    def is_free() -> bool:
        # An order that a worker is deciding about at this very moment is passed over.
        expire_due(now=timezone.now())
        return not stage.held(order)

    stage.wait(is_free, "An expired reservation still holds stock")
    answer = stage.market.fulfill(order.marketplace_order_id)
    require(answer["httpStatus"] == 200, said(answer))
    require(stage.held(order) == 2, "The units are not held again.")
    stage.market.cancel(order.marketplace_order_id)
