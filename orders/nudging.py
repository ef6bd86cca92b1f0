"""Tells a worker that an event is waiting. Beat finds it anyway; no broker is ever waited for."""

from __future__ import annotations

import logging

from celery import current_app
from kombu.exceptions import OperationalError

from sellers.marketplace import shared

logger = logging.getLogger(__name__)

PROCESS_EVENTS = "orders.tasks.process_events"
_NUDGED = "portal:events:nudged"


def nudge() -> None:
    """Ask for a run now. Never fails."""
    try:
        # The notice board answers or fails at once, where Celery's client would try for seconds.
        if shared.board().set(_NUDGED, 1, nx=True, px=1000):
            current_app.send_task(PROCESS_EVENTS, retry=False, expires=60, ignore_result=True)
    except (*shared.Unreachable, OperationalError) as error:
        logger.warning("No broker to nudge (%s); beat will process.", type(error).__name__)


def nudge_received() -> None:
    """A run has begun: what is stored from here on needs a nudge of its own."""
    try:
        shared.board().delete(_NUDGED)
    except shared.Unreachable:
        logger.debug("The pending nudge could not be cleared; it expires by itself.")
