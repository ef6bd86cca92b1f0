"""A worker of its own, that says at which line it is and then waits to be killed there."""

from __future__ import annotations

import sys
import time

import django

django.setup()

from django.utils import timezone  # noqa: E402  (Django has to be ready)

from jobs.running import run_due  # noqa: E402
from tests.jobs import kinds  # noqa: E402


def wait_at(line: int) -> None:
    if line == int(sys.argv[1]):
        print("here", flush=True)  # noqa: T201  (its parent reads it)
        time.sleep(600)


kinds.before_line.append(wait_at)
run_due(clock=timezone.now, seconds=600)
