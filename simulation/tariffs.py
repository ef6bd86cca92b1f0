"""What an account offers for delivery, compiled once per revision and process.

Rates become sorted columns that are searched by bisection. A change of tariffs raises the
account's revision in its own transaction and every request reads the revision with its stock, so
nobody quotes from an old table.
"""

from __future__ import annotations

import logging
import threading
from array import array
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from importlib.resources import files
from time import monotonic
from typing import Any, NamedTuple

import holidays
import orjson
import psycopg

from sellers.errors import Unavailable
from simulation import database
from simulation.regions import state_of
from simulation.types import Band, Calendar, Depot, PickupAt, Policy, Tariff, Window

logger = logging.getLogger(__name__)

MOST_KEPT = 16
WAIT_SECONDS = 1.0
YEARS_AHEAD = 2
_SQL = files("simulation").joinpath("tariff.sql").read_text()

Key = tuple[int, int, int]

_lock = threading.Lock()
_kept: OrderedDict[Key, Tariff] = OrderedDict()
_under_way: dict[Key, _UnderWay] = {}
_compiler = ThreadPoolExecutor(max_workers=1, thread_name_prefix="simulation-tariffs")


class _UnderWay(NamedTuple):
    """A tariff that is being compiled, since when (time.monotonic)."""

    future: Future[Tariff]
    since: float


def tariff_of(
    *, account_id: int, revision: int, now: datetime, until: float | None = None
) -> Tariff:
    """The account's tariff at this revision, or a later one.

    A new revision is compiled in the background, once for all who wait for it: WAIT_SECONDS at
    most, and with `until` (of time.monotonic) not beyond that, nor at all for one that others have
    given up waiting for. Raises Unavailable then; whoever comes when it is ready finds it.
    """
    known = _known_or_begun((account_id, revision, now.year), now)
    if isinstance(known, Tariff):
        return known
    latest = monotonic() + WAIT_SECONDS
    if until is not None:
        latest = min(until, known.since + WAIT_SECONDS)
    try:
        return known.future.result(timeout=max(0.0, latest - monotonic()))
    except TimeoutError as error:
        raise Unavailable("tariff-compiling", "The freight tables are being loaded.") from error
    except psycopg.Error as error:
        logger.warning("Freight tables could not be loaded: %s", type(error).__name__)
        raise Unavailable(
            "tariff-unavailable", "The freight tables can't be loaded now."
        ) from error


def _known_or_begun(key: Key, now: datetime) -> Tariff | _UnderWay:
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
        if key not in _under_way:
            future = _compiler.submit(_compile_and_keep, key, now)
            _under_way[key] = _UnderWay(future, monotonic())
        return _under_way[key]


def forget() -> None:
    """Drop all compiled tariffs."""
    with _lock:
        _kept.clear()


def _compile_and_keep(key: Key, now: datetime) -> Tariff:
    try:
        tariff = _compile(_load(key[0], now), now)
        with _lock:
            _kept[key] = tariff
            while len(_kept) > MOST_KEPT:
                _kept.popitem(last=False)
        return tariff
    finally:
        with _lock:
            _under_way.pop(key, None)


def _load(account_id: int, now: datetime) -> dict[str, Any]:
    """One statement, so that everything in it is of one moment."""
    params = {"account": account_id, "since": now - timedelta(days=2)}
    with database.patient() as connection:
        row = connection.execute(_SQL, params).fetchone()
    document: dict[str, Any] = orjson.loads(row[0]) if row else {}
    return document


def _compile(document: Mapping[str, Any], now: datetime) -> Tariff:
    depots = {row["id"]: _depot(row, document["closures"], now) for row in document["warehouses"]}
    bands = _bands(document["rates"])
    policies = tuple(_policy(row, bands.get(row["id"], {}), depots) for row in document["policies"])
    return Tariff(
        revision=document["revision"],
        depots=depots,
        policies=policies,
        ships_to=tuple(sorted({country for policy in policies for country in policy.bands})),
    )


def _depot(row: Mapping[str, Any], closures: Iterable[Mapping[str, Any]], now: datetime) -> Depot:
    weekend, public = days_off(
        country=row["country"], state=row["state"], postal_code=row["postal_code"], year=now.year
    )
    own = {
        date.fromisoformat(closure["day"])
        for closure in closures
        if closure["warehouse"] in (None, row["id"])
    }
    calendar = Calendar(weekend, public | own)
    return Depot(
        row["id"], row["code"], time.fromisoformat(row["cutoff"]), row["handling_days"], calendar
    )


def days_off(
    *, country: str, state: str, postal_code: str, year: int
) -> tuple[frozenset[int], frozenset[date]]:
    """The weekend, and the public holidays from the year before to YEARS_AHEAD years after, of
    where a warehouse is; a state that is not named is told from the postal code."""
    state = state or state_of(country=country, postal_code=postal_code)
    return _holidays(country, state, year)


@lru_cache(maxsize=64)
def _holidays(country: str, state: str, year: int) -> tuple[frozenset[int], frozenset[date]]:
    """The weekend and the public holidays of a country and state; none where they are unknown."""
    years = range(year - 1, year + YEARS_AHEAD + 1)
    for subdivision in (state or None, None):
        try:
            known = holidays.country_holidays(country, subdiv=subdivision, years=years)
        except (NotImplementedError, KeyError):
            continue
        return frozenset(known.weekend), frozenset(known)
    return frozenset({5, 6}), frozenset()


Tables = dict[str, dict[int, tuple[Band, ...]]]


def _bands(rows: Iterable[Mapping[str, Any]]) -> dict[int, Tables]:
    """By policy, country and length of postal code; lightest band first, as the rows come."""
    grouped: dict[int, dict[str, dict[int, list[Band]]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(list))
    )
    shared: dict[bytes, array[int]] = {}
    for row in rows:
        band = _shared(_band(row), shared)
        grouped[row["policy"]][row["country"]][row["digits"]].append(band)
    return {
        policy: {
            country: {digits: tuple(bands) for digits, bands in tables.items()}
            for country, tables in countries.items()
        }
        for policy, countries in grouped.items()
    }


def _band(row: Mapping[str, Any]) -> Band:
    """Sorted columns. Where ranges overlap (imports refuse that) the one that starts first wins."""
    starts, ends, prices = array("q"), array("q"), array("q")
    estimates: list[str] = []
    known: dict[str, str] = {}
    covered = -1
    cells = zip(row["starts"], row["ends"], row["prices"], row["estimates"], strict=True)
    for start, end, price, estimate in cells:
        if end > covered:
            starts.append(max(start, covered + 1))
            ends.append(end)
            prices.append(price)
            estimates.append(known.setdefault(estimate, estimate))
            covered = end
    return Band(row["max_weight_g"], starts, ends, prices, estimates)


def _shared(band: Band, known: dict[bytes, array[int]]) -> Band:
    """Tables with the same ranges share them: there are many, and each is searched but once."""
    columns = (array("q", band.starts), array("q", band.ends))
    starts, ends = (known.setdefault(column.tobytes(), column) for column in columns)
    return band._replace(starts=starts, ends=ends)


def _policy(row: Mapping[str, Any], bands: Tables, depots: Mapping[int, Depot]) -> Policy:
    return Policy(
        id=row["id"],
        ref=row["ref"],
        name=row["name"],
        channel=row["channel"],
        warehouses=tuple(place for place in row["warehouses"] if place in depots),
        bands=bands,
        daily_capacity=row["daily_capacity"],
        scheduled=row["scheduled"],
        windows=tuple(_window(window) for window in row["windows"]),
        pickup=_pickup(row["pickup"]) if row["pickup"] else None,
    )


def _window(row: Mapping[str, Any]) -> Window:
    return Window(
        datetime.fromisoformat(row["starts_at"]),
        datetime.fromisoformat(row["ends_at"]),
        row["price"],
        row["capacity"],
    )


def _pickup(row: dict[str, Any]) -> PickupAt:
    longitude, latitude = row.pop("longitude"), row.pop("latitude")
    known = longitude is not None and latitude is not None
    return PickupAt(**row, geo_coordinates=(longitude, latitude) if known else ())
