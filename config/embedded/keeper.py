"""Keeps PostgreSQL and Redis running while somebody uses them, and ends them when nobody does.

A small process of its own: `python -m config.embedded.keeper DIRECTORY`, started by sharing.py.
Every user holds a shared lock on `users.lock`; the kernel drops it however that user ends, SIGKILL
included. The keeper asks for the exclusive lock: the moment it gets it, the last user is gone.
It also holds `keeper.lock`, handed over by whoever started it, so there is never a second one.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import signal
import sys
import time
from pathlib import Path

from config.embedded.place import Place
from config.embedded.postgresql import PostgreSQL
from config.embedded.redis import Redis
from config.embedded.server import Server, StartFailed

POLL_SECONDS = 0.1


def keep(data: Path, *, throwaway: bool) -> None:
    """Start the servers, publish where they are, stay until the last user has gone.

    Raises StartFailed; then the logs stay, for whoever asked to read them.
    """
    place = Place(data, throwaway=throwaway)
    servers: list[Server] = []
    try:
        servers = [postgresql := PostgreSQL(place), redis := Redis(place)]
        for server in servers:
            server.start()
        postgresql.make_database()
        _publish(data, {"database_url": postgresql.url, "redis_url": redis.url})
        with (data / "users.lock").open() as users:
            _stay(users.fileno(), servers)
            (data / "state.json").unlink(missing_ok=True)
            _stop(servers)
            place.clear()
    except BaseException:
        _stop(servers)
        place.clear(keep_logs=True)
        raise


def _stay(users: int, servers: list[Server]) -> None:
    """Returns, with the exclusive lock in hand, once nobody uses the servers any more."""
    while not _everybody_left(users):
        time.sleep(POLL_SECONDS)
        for server in servers:
            server.revive()


def _stop(servers: list[Server]) -> None:
    for server in reversed(servers):
        server.stop()


def _everybody_left(users: int) -> bool:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _publish(data: Path, state: dict[str, str]) -> None:
    unfinished = data / "state.json.new"
    unfinished.write_text(json.dumps(state))
    unfinished.rename(data / "state.json")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--throwaway", action="store_true")
    options = parser.parse_args()
    os.chdir("/")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        keep(options.directory, throwaway=options.throwaway)
    except StartFailed as error:
        _publish(options.directory, {"error": str(error)})
        sys.exit(1)


if __name__ == "__main__":
    main()
