"""`python -m proofs.kills web|worker|redis`: killed in the middle of their work, nothing is lost
and nothing is done twice.

Starts throwaway servers, the portal with two web workers, where needed a real Celery worker, and
kills at random moments with SIGKILL while the marketplace places, pays and tells of orders, asking
again whenever no answer comes. Afterwards the books must say that everything happened once.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from proofs import portal, shop
from proofs.clients import Answer
from proofs.killing import (
    ENOUGH,
    RESPAWNING,
    Killer,
    celery_worker,
    oldest_of,
    own_redis,
    until,
)
from proofs.shoppers import Story, post, repeat, shop_while

SKU = "PROOF-1"
CLIENTS = 6
HOOK_PATH = f"/api/{shop.ENDPOINT_KEY}/hook"
#: What a marketplace tells of an order on its way; none of it moves ours.
STATES = ("order-created", "payment-pending", "payment-approved", "handling", "invoice")
#: How long the marketplace waits for an answer to an order, and to an event.
PLACEMENT_SECONDS, HOOK_SECONDS = 2.5, 5.0

Fault = str


def main() -> int:
    options = _options()
    print(f"Seed {options.seed}: {options.what} killed for {options.seconds:.0f} s")
    faults = WHAT[options.what](options)
    for fault in faults:
        print(f"  broken: {fault}")
    print("FAILED" if faults else "PROVED: nothing was lost, nothing was done twice.")
    return 1 if faults else 0


# --- a web worker -----------------------------------------------------------------------------


def _web(options: argparse.Namespace) -> list[Fault]:
    """Placements and payments while web workers are killed."""
    chance = random.Random(options.seed)
    with portal.throwaway_servers(database=options.database):
        _open_shop()
        with portal.serving(port=options.port, workers=2, options=RESPAWNING) as web:
            killer = Killer(
                lambda: oldest_of(web), chance=chance, pause=(1.0, 3.0), seconds=options.seconds
            )
            with killer:
                stories = shop_while(killer.goes_on, port=options.port, clients=CLIENTS, sku=SKU)
            for story in chance.sample(stories, min(20, len(stories))):
                repeat(story, options.port, SKU)
        return [*_disturbed(killer, stories), *_faults_of(stories), *_book_faults(stories)]


def _disturbed(killer: Killer, stories: Sequence[Story]) -> list[Fault]:
    """A proof in which nothing was killed at work proves nothing."""
    interrupted = sum(story.interrupted for story in stories)
    print(f"  {killer.kills} kills, {len(stories)} orders, {interrupted} calls cut short")
    return [] if killer.kills >= ENOUGH and interrupted else ["no work was interrupted"]


def _faults_of(stories: Sequence[Story]) -> list[Fault]:
    faults = [fault for story in stories for fault in story.faults]
    unlike = [story for story in stories if len(story.placed) > 1 or len(story.paid) > 1]
    return faults + [f"{story.theirs}: asked again, it was answered otherwise" for story in unlike]


def _book_faults(stories: Sequence[Story]) -> list[Fault]:
    """Each order once, with one unit held, authorised once; levels, ledger and holds agree."""
    from orders.models import Order, TimelineEntry
    from sellers.models import Hold, StockMovement

    told = Counter(
        TimelineEntry.objects.filter(code__in=("placed", "authorized")).values_list("code", "order")
    )
    placed = [story for story in stories if story.placed]
    held = Hold.objects.filter(state=Hold.State.HELD)
    ours = set(Order.objects.values_list("seller_order_id", flat=True))
    promises = {
        f"{len(ours)} orders for {len(placed)} accepted": len(ours) == len(placed),
        "an accepted order is not there": {story.ours for story in placed} == ours,
        "an order is not authorised": not Order.objects.exclude(status="authorized").exists(),
        "something is on a timeline twice": not told or max(told.values()) == 1,
        f"{held.count()} holds of {len(ours)} orders": held.count() == len(ours),
        "a hold is of more than its unit": not held.exclude(quantity=1).exists(),
        "a hold is in the ledger twice":
            StockMovement.objects.filter(kind="hold").count() == len(ours),
    }  # fmt: skip
    return [*(fault for fault, kept in promises.items() if not kept), *_audit()]


def _audit() -> list[Fault]:
    """What `manage.py audit_stock` says."""
    from django.core.management import CommandError, call_command

    try:
        call_command("audit_stock", stdout=sys.stderr)
    except CommandError as error:
        return [f"audit_stock: {error}"]
    return []


# --- the Celery worker ------------------------------------------------------------------------


def _worker(options: argparse.Namespace) -> list[Fault]:
    """Events of orders while the worker that acts on them is killed."""
    chance = random.Random(options.seed)
    with portal.throwaway_servers(database=options.database):
        _open_shop()
        with portal.serving(port=options.port, workers=2) as _web, celery_worker() as worker:
            ends = time.monotonic() + 1
            stories = shop_while(
                lambda: time.monotonic() < ends, port=options.port, clients=2, sku=SKU
            )
            until(lambda: len(worker.victims()) > 1, seconds=20)
            events = _events(stories, chance)
            killer = Killer(
                worker.victims, chance=chance, pause=(0.5, 2.5), seconds=options.seconds
            )
            with killer:
                refused = _send_events(options, events, meanwhile=worker.revive)
                while killer.goes_on():
                    worker.revive()
                    time.sleep(0.1)
            print(f"  {killer.kills} kills, {len(events)} events of {len(stories)} orders")

            def settled() -> bool:
                worker.revive()
                _play_beat()
                return _unsettled() == 0

            until(settled, seconds=30)
        interrupted = [] if killer.kills >= ENOUGH else ["no work was interrupted"]
        return [*interrupted, *refused, *_faults_of(stories), *_event_faults(stories)]


def _events(stories: Sequence[Story], chance: random.Random) -> list[bytes]:
    """Every order's whole way, out of order, some of it twice."""
    began = datetime(2026, 3, 2, 12, tzinfo=UTC)
    events = [
        _event(story.theirs, state, began + timedelta(minutes=step))
        for story in stories
        for step, state in enumerate(STATES)
    ]
    events += chance.sample(events, len(events) // 4)
    chance.shuffle(events)
    return events


def _event(theirs: str, state: str, at: datetime) -> bytes:
    return json.dumps(
        {
            "Domain": "Marketplace",
            "OrderId": theirs,
            "State": state,
            "LastChange": at.isoformat(),
            "CurrentChange": at.isoformat(),
            "Origin": {"Account": "bigstore", "Key": ""},
        }
    ).encode()


def _send_events(
    options: argparse.Namespace, events: Sequence[bytes], *, meanwhile: Callable[[], None]
) -> list[Fault]:
    """Spread over the time there is; an event is stored whatever happens to the worker."""
    pause, faults = options.seconds / len(events), []
    for event in events:
        meanwhile()
        answer = post(options.port, HOOK_PATH, event)
        if answer.status != 200 or answer.seconds > HOOK_SECONDS:
            faults.append(f"an event was answered {answer.status} after {answer.seconds:.1f} s")
        time.sleep(pause)
    return faults


def _play_beat() -> None:
    """What beat does every few seconds, sooner."""
    from config.celery import app

    app.send_task("orders.tasks.process_events", retry=False, expires=5, ignore_result=True)
    time.sleep(0.3)


def _unsettled() -> int:
    from orders.models import OrderEvent

    return OrderEvent.objects.filter(processed_at=None).count()


def _event_faults(stories: Sequence[Story]) -> list[Fault]:
    """Each event stored once and settled; the order knows the latest; nothing told twice."""
    from orders.models import Order, OrderEvent, TimelineEntry

    noted = Counter(
        (order, facts["state"])
        for order, facts in TimelineEntry.objects.filter(code="marketplace-status").values_list(
            "order", "facts"
        )
    )
    expected = len(stories) * len(STATES)
    promises = {
        f"{OrderEvent.objects.count()} events kept, not {expected}":
            OrderEvent.objects.count() == expected,
        f"{_unsettled()} events were never acted on": _unsettled() == 0,
        "an order does not know its last status":
            not Order.objects.exclude(marketplace_status=STATES[-1]).exists(),
        "a status is on a timeline twice": not noted or max(noted.values()) == 1,
    }  # fmt: skip
    return [*(fault for fault, kept in promises.items() if not kept), *_book_faults(stories)]


# --- Redis ------------------------------------------------------------------------------------


def _redis(options: argparse.Namespace) -> list[Fault]:
    """Placements, payments and events while Redis is gone, and while it hangs."""
    faults: list[Fault] = []
    with (
        own_redis() as redis,
        portal.throwaway_servers(database=options.database, redis_url=redis.url),
    ):
        _open_shop()
        with portal.serving(port=options.port, workers=2) as _web, celery_worker() as worker:
            until(lambda: len(worker.victims()) > 1, seconds=20)
            stories = [_serve(options, 1, "with Redis", faults)]
            assert redis.process is not None  # noqa: S101 (it was started)
            os.kill(redis.process.pid, signal.SIGSTOP)
            stories.append(_serve(options, 2, "while Redis hangs", faults))
            os.kill(redis.process.pid, signal.SIGCONT)
            os.kill(redis.process.pid, signal.SIGKILL)
            redis.process.wait(timeout=10)
            stories.append(_serve(options, 3, "without Redis", faults))
            redis.start()
            stories.append(_serve(options, 4, "with Redis back", faults))

            def settled() -> bool:
                worker.revive()
                _play_beat()
                return _unsettled() == 0

            if not until(settled, seconds=30):
                faults.append(f"{_unsettled()} events were not acted on once Redis was back")
        return [*faults, *_faults_of(stories), *_book_faults(stories)]


def _serve(options: argparse.Namespace, number: int, when: str, faults: list[Fault]) -> Story:
    """An order placed, paid and told of; each answered at once and in time."""
    story = Story(number)
    place = post(options.port, shop.PLACE_PATH, shop.placement(number, {SKU: 1}))
    _judge(f"placing {when}", place, PLACEMENT_SECONDS, faults)
    if place.status == 200:
        story.placed.add(place.body)
        path = f"{shop.PLACE_PATH}/{story.ours}/fulfill"
        paid = post(options.port, path, json.dumps({"marketplaceOrderId": story.theirs}).encode())
        _judge(f"paying {when}", paid, PLACEMENT_SECONDS, faults)
    told = post(options.port, HOOK_PATH, _event(story.theirs, STATES[0], datetime.now(UTC)))
    _judge(f"an event {when}", told, HOOK_SECONDS, faults)
    return story


def _judge(what: str, answer: Answer, seconds: float, faults: list[Fault]) -> None:
    print(f"  {what}: {answer.status} after {answer.seconds * 1000:.0f} ms")
    if answer.status != 200 or answer.seconds > seconds:
        faults.append(f"{what}: {answer.status} after {answer.seconds:.1f} s {answer.body[:80]!r}")


# --- shared -----------------------------------------------------------------------------------


def _open_shop() -> None:
    shop.open_shop(stock={SKU: (100_000, 100_000, 100_000)}, now=datetime.now(UTC))


WHAT: dict[str, Callable[[Any], list[Fault]]] = {"web": _web, "worker": _worker, "redis": _redis}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m proofs.kills", description=__doc__)
    parser.add_argument("what", choices=WHAT)
    parser.add_argument("--seconds", type=float, default=12.0, help="how long there is killing")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--port", type=int, default=None)
    parser.add_argument("--database", help="URL of an empty one, instead of servers of our own")
    options = parser.parse_args()
    options.seed = random.SystemRandom().randrange(10**6) if options.seed is None else options.seed
    options.port = options.port or portal.free_port()
    return options


if __name__ == "__main__":
    sys.exit(main())
