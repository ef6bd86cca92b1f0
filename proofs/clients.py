"""Many clients at once over real HTTP: threads with a connection each, all let loose together."""

from __future__ import annotations

import http.client
import queue
import threading
import time
from collections.abc import Sequence
from typing import NamedTuple

TIMEOUT_SECONDS = 60.0


class Answer(NamedTuple):
    """`status` is 0 when no answer came; then `body` says why. `seconds` as the client waited."""

    status: int
    body: bytes
    seconds: float


def send_all(*, port: int, path: str, bodies: Sequence[bytes], clients: int) -> list[Answer]:
    """POST every body once, `clients` at a time; the answers in no particular order."""
    waiting: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    for body in bodies:
        waiting.put(body)
    answers: list[Answer] = []
    together = threading.Barrier(clients)

    def client() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
        connection.connect()
        together.wait()
        while True:
            try:
                body = waiting.get_nowait()
            except queue.Empty:
                break
            answers.append(_post(connection, path, body))
        connection.close()

    threads = [threading.Thread(target=client) for _each in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def _post(connection: http.client.HTTPConnection, path: str, body: bytes) -> Answer:
    start = time.perf_counter()
    try:
        connection.request("POST", path, body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        return Answer(response.status, response.read(), time.perf_counter() - start)
    except (OSError, http.client.HTTPException) as error:
        connection.close()
        return Answer(0, repr(error).encode(), time.perf_counter() - start)
