"""`python -m config.run serve|demo`: the whole portal from one command, until Ctrl-C.

Web server, Celery worker and beat, for the demonstration also the marketplace stand-in; and
PostgreSQL and Redis where DATABASE_URL and REDIS_URL do not name others.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import fcntl
import http.client
import json
import os
import socket
import sys
import time
from collections.abc import Iterator
from ipaddress import IPv4Address
from pathlib import Path
from typing import NoReturn

from config.embedded import EmbeddedError, running
from config.env import BASE_DIR, PRODUCTION, portal_env, var_dir
from config.supervisor import Failed, Interrupted, Spec, Supervisor

HEALTH_SECONDS = 60.0
MOST_PORT = 65_535
PYTHON = sys.executable
STARTED = time.monotonic()


def main() -> int:
    options = _options()
    try:
        _refuse_taken(options.what, options.host, options.port)
        if options.what == "demo":
            _refuse_taken(options.what, "127.0.0.1", options.sandbox_port)
        with _only_one(var_dir()):
            return _run(options)
    except (Failed, EmbeddedError) as error:
        say(f"Stopped: {error}")
        return 1
    except KeyboardInterrupt:  # before there was anything to stop
        return 0


def _run(options: argparse.Namespace) -> int:
    with contextlib.ExitStack() as stack:
        urls = _servers(stack)
        supervisor = stack.enter_context(Supervisor(log_dir=var_dir() / "log", say=say))
        supervisor.env |= urls | _environment(options)
        try:
            return _bring_up(supervisor, options)
        except Interrupted:
            say("Stopping (Ctrl-C once more to hurry)")
            return 0


def _bring_up(supervisor: Supervisor, options: argparse.Namespace) -> int:
    demo = options.what == "demo"
    say("Preparing the database and the static files")
    supervisor.run(
        _manage("migrate", "--no-input"),
        _manage("collectstatic", "--no-input", "--verbosity", "0"),
    )
    if demo:
        say("Loading the demonstration seller")
        supervisor.run(_manage("demo", "--prepare"), show=True)
    for spec in _processes(options):
        say(f"Starting {spec.name}")
        supervisor.start(spec)
    _await_health(supervisor, options.host, options.port, "/healthz")
    if demo:
        _await_health(supervisor, "127.0.0.1", options.sandbox_port, "/")
        say("Inventing the weeks before")
        supervisor.run(_manage("demo", "--history"), show=True)
        say("Sending traffic through the protocol")
        supervisor.run(_manage("demo", "--traffic"), show=True)
        supervisor.run(_manage("demo", "--addresses"), show=True)
    else:
        _print_addresses(options)
    if options.once:
        return _once(supervisor, options.once)
    say(f"Up. Logs are in {supervisor.log_dir}. Ctrl-C stops everything.")
    while True:
        supervisor.pause()
        supervisor.watch()


def _once(supervisor: Supervisor, command: list[str]) -> int:
    say(f"Running {' '.join(command)}")
    supervisor.launch(Spec("once", command), show=True)
    code = supervisor.wait("once")
    say(f"It ended with exit code {code}")
    return code


# --- what runs ----------------------------------------------------------------------------------


def _processes(options: argparse.Namespace) -> Iterator[Spec]:
    """In the order of their start; they stop the other way round, the worker after its callers."""
    if options.what == "demo":
        yield _sandbox(options)
    celery = [PYTHON, "-m", "celery", "-A", "config"]
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    yield Spec("worker", [*celery, "worker", "--concurrency", "2", *quiet], stop_seconds=30)
    jobs = ["-Q", "jobs", "--concurrency", "1", "--hostname", "jobs@%h"]
    yield Spec("jobs", [*celery, "worker", *jobs, *quiet], stop_seconds=30)
    yield Spec("beat", [*celery, "beat", "--schedule", str(var_dir() / "celerybeat-schedule")])
    granian = [PYTHON, "-m", "granian", "--interface", "wsgi", "--http", "1", "--no-ws"]
    where = ["--host", options.host, "--port", str(options.port)]
    size = ["--workers", "2", "--blocking-threads", "3"]
    # One that was killed must not take the others along, nor leave them alone for long.
    size += ["--respawn-failed-workers", "--respawn-interval", "1"]
    yield Spec("web", [*granian, *where, *size, "config.wsgi:application"])


def _sandbox(options: argparse.Namespace) -> Spec:
    """The stand-in is told by its environment what `manage.py demo --prepare` left for it.

    By the environment, since a command line with keys in it can be read by everybody.
    """
    known = json.loads((var_dir() / "demo" / "sandbox.json").read_text())
    env = {f"SANDBOX_{name.upper()}": str(value) for name, value in known.items() if value}
    data = var_dir() / "sandbox"
    command = [PYTHON, "-m", "sandbox", "--port", str(options.sandbox_port), "--data", str(data)]
    return Spec("sandbox", command, env=env, stop_seconds=5)


def _manage(*arguments: str) -> Spec:
    return Spec(arguments[0], [PYTHON, str(BASE_DIR / "manage.py"), *arguments])


def _environment(options: argparse.Namespace) -> dict[str, str]:
    return {
        "PYTHONUNBUFFERED": "1",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PORTAL_URL": _address(options.host, options.port),
        "SANDBOX_URL": _address("127.0.0.1", options.sandbox_port),
        "PORT": str(options.port),
        "SANDBOX_PORT": str(options.sandbox_port),
    }


def _servers(stack: contextlib.ExitStack) -> dict[str, str]:
    given = {name: os.environ.get(name, "") for name in ("DATABASE_URL", "REDIS_URL")}
    if all(given.values()):
        return given
    if portal_env() == PRODUCTION:
        missing = " and ".join(name for name, url in given.items() if not url)
        raise Failed(f"{missing} must be set in production; see .env.example.")
    say(f"Starting PostgreSQL and Redis (data in {var_dir() / 'servers'})")
    embedded = stack.enter_context(running(var_dir() / "servers"))
    stack.callback(say, "Stopping PostgreSQL and Redis")
    own = {"DATABASE_URL": embedded.database_url, "REDIS_URL": embedded.redis_url}
    return {name: given[name] or own[name] for name in given}


# --- ports and health ---------------------------------------------------------------------------


def _refuse_taken(what: str, host: str, port: int) -> None:
    """Exit with 2, before anything was started, when somebody listens there already."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            why = "is taken by another program" if taken else f"cannot be used: {error.strerror}"
            other = port + 100 if port < 65000 else 8100
            _refuse(f"Port {port} on {host} {why}. Choose another: make {what} PORT={other}")


@contextlib.contextmanager
def _only_one(var: Path) -> Iterator[None]:
    """Two supervisors on one directory would run every scheduled task twice."""
    var.mkdir(parents=True, exist_ok=True)
    with (var / "run.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _refuse(f"The portal already runs on {var}. Stop it first, or set PORTAL_VAR.")
        yield


def _refuse(message: str) -> NoReturn:
    print(message, file=sys.stderr)
    sys.exit(2)


def _await_health(supervisor: Supervisor, host: str, port: int, path: str) -> None:
    deadline = time.monotonic() + HEALTH_SECONDS
    while not _is_healthy(_reachable(host), port, path):
        supervisor.pause()
        supervisor.watch()
        if time.monotonic() > deadline:
            raise Failed(f"{_address(host, port)}{path} did not answer in {HEALTH_SECONDS:.0f} s.")


def _is_healthy(host: str, port: int, path: str) -> bool:
    # In production the portal answers to its own name alone, and to plain HTTP with a redirect.
    name = os.environ.get("ALLOWED_HOSTS", "").split(",")[0].strip(".* ") or "127.0.0.1"
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", path, headers={"Host": name, "X-Forwarded-Proto": "https"})
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _reachable(host: str) -> str:
    """Listening on every address includes loopback, which is where we ask."""
    return {str(IPv4Address(0)): "127.0.0.1", "::": "::1"}.get(host, host)


def _address(host: str, port: int) -> str:
    name = _reachable(host)
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


# --- words ----------------------------------------------------------------------------------------


def say(message: str) -> None:
    """One line, with the seconds so far; a closed terminal never keeps us from stopping."""
    with contextlib.suppress(OSError, ValueError):
        print(f"[{time.monotonic() - STARTED:6.1f} s] {message}", flush=True)


def _print_addresses(options: argparse.Namespace) -> None:
    say(f"The portal answers at {_address(options.host, options.port)}/admin/")
    say("The first administrator: .venv/bin/python manage.py createsuperuser")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m config.run", description=__doc__)
    parser.add_argument("what", choices=["serve", "demo"])
    parser.add_argument("--host", default=os.environ.get("HOST") or "127.0.0.1")
    parser.add_argument("--port", type=_port, help="default: PORT, else 8000")
    parser.add_argument(
        "--sandbox-port",
        type=_port,
        help="for the marketplace stand-in (default: SANDBOX_PORT, else the port after --port)",
    )
    parser.add_argument(
        "--once",
        nargs=argparse.REMAINDER,
        metavar="COMMAND",
        help="once everything is up run COMMAND, stop everything and exit with its code",
    )
    options = parser.parse_args()
    options.port = options.port or _port_named("PORT") or 8000
    options.sandbox_port = options.sandbox_port or _port_named("SANDBOX_PORT") or options.port + 1
    if options.what == "demo" and options.sandbox_port > MOST_PORT:
        _refuse(
            f"The stand-in needs a port too, and there is none after {options.port}: "
            f"make demo PORT={options.port - 1}, or name one as SANDBOX_PORT."
        )
    return options


def _port_named(variable: str) -> int | None:
    """The environment's, in whose words a mistake is told: `make` users type no option."""
    text = os.environ.get(variable)
    try:
        return _port(text) if text else None
    except argparse.ArgumentTypeError as error:
        _refuse(f"{variable}: {error}. For example: {variable}=8100")


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= MOST_PORT):
        raise argparse.ArgumentTypeError(f"'{text}' is not a port between 1 and {MOST_PORT}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
