"""The marketplace as it is when answers don't come: it asks again until it has one."""

from __future__ import annotations

import errno
import http.client
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from proofs import shop
from proofs.clients import Answer

#: As long as VTEX waits, about; then it asks again.
TIMEOUT_SECONDS = 10.0
GIVE_UP_SECONDS = 40.0
#: Nobody was there to begin with.
REFUSED = repr(ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")).encode()


def post(port: int, path: str, body: bytes) -> Answer:
    """One try, on a connection of its own. Status 0: no answer came."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    start = time.perf_counter()
    try:
        connection.request("POST", path, body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        return Answer(response.status, response.read(), time.perf_counter() - start)
    except (OSError, http.client.HTTPException) as error:
        return Answer(0, repr(error).encode(), time.perf_counter() - start)
    finally:
        connection.close()


@dataclass
class Story:
    """What became of one order, as the marketplace saw it."""

    number: int
    interrupted: int = 0
    placed: set[bytes] = field(default_factory=set)
    paid: set[bytes] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)

    @property
    def theirs(self) -> str:
        return f"14{self.number:011d}-01"

    @property
    def ours(self) -> str:
        return str(json.loads(min(self.placed))[0]["orderId"])


def shop_while(goes_on: Callable[[], bool], *, port: int, clients: int, sku: str) -> list[Story]:
    """Orders placed and paid, one after the other by each client, for as long as it `goes_on`."""
    stories: list[Story] = []
    numbers = iter(range(1, 10**9))
    turn = threading.Lock()

    def client() -> None:
        while goes_on():
            with turn:
                story = Story(next(numbers))
                stories.append(story)
            _tell(story, port, sku)

    threads = [threading.Thread(target=client) for _each in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return stories


def _tell(story: Story, port: int, sku: str) -> None:
    placement = shop.placement(story.number, {sku: 1})
    _persist(story, port, shop.PLACE_PATH, placement, story.placed)
    if story.placed:
        payment = json.dumps({"marketplaceOrderId": story.theirs}).encode()
        path = f"{shop.PLACE_PATH}/{story.ours}/fulfill"
        _persist(story, port, path, payment, story.paid)


def repeat(story: Story, port: int, sku: str) -> None:
    """Everything once more, as if no answer had come."""
    _tell(story, port, sku)


def _persist(story: Story, port: int, path: str, body: bytes, answers: set[bytes]) -> None:
    """Ask until there is an answer; any but 200, or none in time, is a fault."""
    deadline = time.monotonic() + GIVE_UP_SECONDS
    while time.monotonic() < deadline:
        answer = post(port, path, body)
        if answer.status == http.HTTPStatus.OK:
            answers.add(answer.body)
            return
        if 0 < answer.status < http.HTTPStatus.INTERNAL_SERVER_ERROR:
            story.faults.append(f"{path}: {answer.status} {answer.body[:120]!r}")
            return
        story.interrupted += answer.body != REFUSED
        time.sleep(0.05)
    story.faults.append(f"{path}: no answer in {GIVE_UP_SECONDS:.0f} s")
