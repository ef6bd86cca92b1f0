"""What a benchmark of reports measures in the database at hand: pages, screens, one export.

Times of pages are those of their statements as this process waits for them, in turns with the
peers, the median of all rounds; CPU is this process's own, a page.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

from django.db import connection
from django.test import Client, override_settings
from django.urls import reverse

from benchmarks import machine
from benchmarks.reports_peers import Answer, by_models, by_sql
from orders.models import Order
from orders.states import Status
from reporting import exporting, reading, showing, statements
from reporting.asking import Asking, asked_of
from reporting.dashboard import counting
from reporting.mapping import MAPPING
from reporting.models import Counting
from reporting.statements import Place
from sellers.models import User

_SIZE = reading.PAGE
_BEHIND_ALL = 2**62
_COMPARED = ("pays", "invoiced", "returned", "tracking")


class Disagreement(Exception):
    """What is compared is not the same: nothing measured would mean anything."""


@dataclass
class Times:
    """One answer, once a round: milliseconds of its statements, and of this process's CPU."""

    sql_ms: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)

    def told(self) -> dict[str, float]:
        return {"sql_ms": median(self.sql_ms), "cpu_ms": median(self.cpu_ms)}


@contextmanager
def timed(times: Times) -> Iterator[None]:
    spent = [0.0]

    def watch(execute: Callable[..., Any], *args: Any) -> Any:
        began = time.perf_counter()
        try:
            return execute(*args)
        finally:
            spent[0] += time.perf_counter() - began

    cpu = time.process_time()
    with connection.execute_wrapper(watch):
        yield
    times.cpu_ms.append((time.process_time() - cpu) * 1000)
    times.sql_ms.append(spent[0] * 1000)


# --- pages, beside the peers ----------------------------------------------------------------------


@dataclass(frozen=True)
class Question:
    """A page: as the report is asked, and as the peers are."""

    asked: dict[str, str]
    place: Place | None
    sql: tuple[str, list[Any]]
    models: Callable[[], list[Answer]]

    def of_the_report(self) -> list[Answer]:
        """The page and its capped count: all that the screen asks."""
        asking = asked_of(MAPPING, self.asked, now=datetime.now(UTC))
        cells = showing.columns_of(MAPPING, brief=True)
        wanted = [column for cell in cells for column in cell]
        page = reading.page_of(asking, wanted, place=self.place, size=_SIZE)
        reading.count_of(asking)
        return [(row["key"], *(row[name] for name in _COMPARED)) for row in page.rows]

    def of_sql(self) -> list[Answer]:
        rest, params = self.sql
        return by_sql(rest, [*params, _SIZE + 1])[:_SIZE]


def _questions() -> dict[str, Question]:
    newest = Order.objects.order_by("-id")
    count = newest.count()
    page = count * 99 // 100 // _SIZE
    before = newest[page * _SIZE - 1].pk if page else None
    order = newest[count // 2]
    since, until = _month(order)
    within = Order.objects.filter(placed_at__gte=since, placed_at__lt=until)
    theirs = order.marketplace_order_id
    days = {"since": since.date().isoformat(), "until": (until.date() - _DAY).isoformat()}
    return {
        "first page": Question(
            {},
            None,
            ("ORDER BY o.id DESC LIMIT %s", []),
            lambda: by_models(newest, page=1, size=_SIZE),
        ),
        "deep page": Question(
            {},
            Place(None, before) if before else None,
            ("WHERE o.id < %s ORDER BY o.id DESC LIMIT %s", [before or _BEHIND_ALL]),
            lambda: by_models(newest, page=page + 1, size=_SIZE),
        ),
        "a month": Question(
            days,
            None,
            (
                "WHERE o.placed_at >= %s AND o.placed_at < %s "
                "ORDER BY o.placed_at DESC, o.id DESC LIMIT %s",
                [since, until],
            ),
            lambda: by_models(within.order_by("-placed_at", "-id"), page=1, size=_SIZE),
        ),
        "one order by its id": Question(
            {"q": theirs},
            None,
            ("WHERE o.marketplace_order_id = %s ORDER BY o.id DESC LIMIT %s", [theirs]),
            lambda: by_models(newest.filter(marketplace_order_id=theirs), page=1, size=_SIZE),
        ),
    }


_DAY = timedelta(days=1)


def _month(order: Order) -> tuple[datetime, datetime]:
    """Thirty days that end with the day on which `order` was placed, on its account's clocks."""
    day = order.placed_at.astimezone(order.account.zone)
    until = day.replace(hour=0, minute=0, second=0, microsecond=0) + _DAY
    return until - 30 * _DAY, until


def pages(rounds: int) -> dict[str, dict[str, dict[str, float]]]:
    """Page -> way -> figures. Raises Disagreement when two ways answer differently."""
    return {name: _measured(name, question, rounds) for name, question in _questions().items()}


def _measured(name: str, question: Question, rounds: int) -> dict[str, dict[str, float]]:
    ways: dict[str, Callable[[], list[Answer]]] = {
        "report": question.of_the_report,
        "floor": question.of_sql,
        "models": question.models,
    }
    first, *others = (way() for way in ways.values())
    if not first:
        raise Disagreement(f"{name}: there is nothing on it")
    if any(other != first for other in others):
        raise Disagreement(f"{name}: the ways answer differently")
    times = {way: Times() for way in ways}
    for _round in range(rounds):
        for way, ask in ways.items():
            with timed(times[way]):
                ask()
    return {way: found.told() for way, found in times.items()}


# --- whole screens --------------------------------------------------------------------------------


def screens(rounds: int) -> dict[str, dict[str, float]]:
    """Screen -> figures, as a manager's browser gets them, texts and menu and all."""
    warnings.filterwarnings("ignore", message="No directory at")  # of collected style sheets
    _count_days()
    client = Client(SERVER_NAME="localhost")
    client.force_login(_reader())
    questions = _questions()
    report = reverse("admin:report", args=[MAPPING.slug])
    asked = {
        "order mapping": (report, {}),
        "order mapping, a month": (report, questions["a month"].asked),
        "order mapping, one id": (report, questions["one order by its id"].asked),
        "dashboard, 30 days": (reverse("admin:index"), {"span": "last-30-days"}),
        "radar": (reverse("admin:radar"), {}),
        "packing queue": (reverse("admin:packing_queue"), {}),
        "packing table": (reverse("admin:packing_order", args=[_to_pack()]), {}),
    }
    times = {name: Times() for name in asked}
    with override_settings(STORAGES=_PLAIN_FILES):
        for round_ in range(rounds + 1):
            for name, (path, data) in asked.items():
                with timed(times[name] if round_ else Times()):  # the first fills caches
                    answer = client.get(path, data)
                if answer.status_code != 200:
                    raise Disagreement(f"{name}: status {answer.status_code}")
    return {name: found.told() for name, found in times.items()}


def _to_pack() -> str:
    """Our id of the order that is due next."""
    ready = Order.objects.filter(status=Status.AUTHORIZED, due_at__isnull=False)
    return ready.order_by("due_at", "id").values_list("seller_order_id", flat=True)[:1].get()


#: Nobody fetches a style sheet here, so none needs to have been collected.
_PLAIN_FILES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}


def _count_days() -> None:
    if not Counting.objects.exists():
        counting.count_all(now=datetime.now(UTC))


def _reader() -> User:
    user, _made = User.objects.get_or_create(
        username="benchmark", defaults={"is_staff": True, "is_superuser": True}
    )
    return user


# --- an export ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Export:
    """Everything, in every column. Memory is this process's own (PSS) after the first piece, and
    the most of it until the end."""

    rows: int
    seconds: float
    cpu_seconds: float
    copy_seconds: float
    table_seconds: float
    models_rows: int
    models_seconds: float
    memory_first_mib: float
    memory_most_mib: float


def export(*, models_rows: int) -> dict[str, Any]:
    """The report's file as its job writes it, beside PostgreSQL's COPY of the same columns in one
    statement, its COPY of the bare table of orders, and `models_rows` of it through models."""
    asking = asked_of(MAPPING, {}, now=datetime.now(UTC))
    began, cpu = time.perf_counter(), time.process_time()
    rows, memory = _written(asking)
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    began = time.perf_counter()
    pages = max(models_rows // _SIZE, 1)
    by_page = [
        by_models(Order.objects.order_by("-id"), page=1 + n, size=_SIZE) for n in range(pages)
    ]
    models_seconds = time.perf_counter() - began
    return asdict(
        Export(
            rows=rows,
            seconds=seconds,
            cpu_seconds=cpu,
            copy_seconds=_copied(*_whole(asking)),
            table_seconds=_copied("SELECT * FROM orders_order", ()),
            models_rows=sum(len(page) for page in by_page),
            models_seconds=models_seconds,
            memory_first_mib=memory[0],
            memory_most_mib=max(memory),
        )
    )


def _written(asking: Asking) -> tuple[int, list[float]]:
    """Rows, and the memory after each piece; into a file, and hashed, as the job does."""
    fields = exporting.fields_of(asking, exporting.PLAIN)
    sums, memory = exporting.Sums(), []
    place: Place | None = exporting.beginning_of(asking)
    with tempfile.TemporaryFile() as file:
        while place is not None:
            place = exporting.write_piece(asking, fields, exporting.PLAIN, file, sums, place=place)
            memory.append(machine.memory_mib(os.getpid())[1])
        file.seek(0)
        hashlib.file_digest(file, "sha256")
    return sums.rows, memory


def _whole(asking: Asking) -> tuple[str, tuple[Any, ...]]:
    fields = exporting.fields_of(asking, exporting.PLAIN)
    values = [each.value._replace(name=f"f{i}") for i, each in enumerate(fields)]
    everything = statements.Statement("SELECT id AS key FROM orders_order", ())
    return statements.rows(MAPPING, everything, values, ordered="chosen.key DESC")


def _copied(sql: str, params: tuple[Any, ...]) -> float:
    """Seconds until COPY has given everything, into a file like the export's."""
    began = time.perf_counter()
    with (
        tempfile.TemporaryFile() as file,
        connection.cursor() as cursor,
        cursor.copy(f"COPY ({sql}) TO STDOUT (FORMAT csv)", params) as copy,
    ):
        for block in copy:
            file.write(block)
    return time.perf_counter() - began


def everything(*, rounds: int, models_rows: int) -> dict[str, Any]:
    return {
        "pages": pages(rounds),
        "screens": screens(rounds),
        "export": export(models_rows=models_rows),
    }
