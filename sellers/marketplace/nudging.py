"""Tells a worker that there is something to send. Beat finds it anyway, seconds later."""

from __future__ import annotations

import logging
import time

from celery import current_app
from kombu.exceptions import OperationalError

from sellers.marketplace import shared

logger = logging.getLogger(__name__)

DELIVER_DUE = "sellers.marketplace.tasks.deliver_due"
_PENDING_NUDGE = "portal:outbox:nudged"
_PENDING_NUDGE_MS = 1000
#: After a failed nudge this process does not try again for so long: no request waits for a broker
#: that is known to be down.
_REST_SECONDS = 10.0
_resting_until = 0.0


def nudge() -> None:
    """Ask for a delivery run now, unless one is already asked for.

    Never fails, and never waits for a dead broker: the notice board is asked first, which gives up
    at once, where Celery's own client would try again for seconds.
    """
    global _resting_until
    if time.monotonic() < _resting_until:
        return
    try:
        if shared.board().set(_PENDING_NUDGE, 1, nx=True, px=_PENDING_NUDGE_MS):
            current_app.send_task(DELIVER_DUE, retry=False, expires=60, ignore_result=True)
    except (*shared.Unreachable, OperationalError) as error:
        _resting_until = time.monotonic() + _REST_SECONDS
        logger.warning("No broker to nudge (%s); beat will deliver.", type(error).__name__)


def nudge_received() -> None:
    """A run has begun: what is written from here on needs a nudge of its own."""
    try:
        shared.board().delete(_PENDING_NUDGE)
    except shared.Unreachable:
        logger.debug("The pending nudge could not be cleared; it expires by itself.")
