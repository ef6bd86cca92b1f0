"""The SQL of a report, put together from its declaration: one page, a capped count, a piece of a
file. Parameters stay parameters, in the order in which they stand in the text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from reporting.asking import Asking
from reporting.declarations import Column, Condition, Part, Report


class Statement(NamedTuple):
    sql: str
    params: tuple[Any, ...]


_NOTHING = Statement("", ())


class Place(NamedTuple):
    """A row to go on from: the value the rows are sorted by (None: by key alone), and its key."""

    value: str | None
    key: int


class Value(NamedTuple):
    """One expression to read, under its name, with the parts it needs."""

    name: str
    sql: str
    needs: tuple[str, ...] = ()
    params: tuple[Any, ...] = ()


def before(asking: Asking) -> Statement:
    """What a statement begins with inside its WITH: the table of a report of sums, with a comma."""
    if not asking.report.sums:
        return _NOTHING
    where, params = _where(asking.filtered())
    sums = asking.report.sums.replace("{where}", where)
    return Statement(f"summed AS MATERIALIZED ({sums}), ", params)


def chosen(
    asking: Asking,
    *,
    limit: int,
    place: Place | None = None,
    backwards: bool = False,
    by_key: bool = False,
) -> Statement:
    """The keys of at most `limit` rows behind `place`; before it with `backwards`.

    `by_key`: the same rows, but the newest first in any case.
    """
    if by_key:
        return _chosen_by_key(asking, limit=limit, place=place)
    report, sort = asking.report, asking.sort
    conditions = asking.conditions()
    ascends = asking.is_descending == backwards
    if place is not None:
        conditions.append(_beyond(asking, place, ascends=ascends))
    where, params = _where(conditions)
    way = "ASC" if ascends else "DESC"
    order = f"{report.key} {way}" if sort is None else f"{sort.sql} {way}, {report.key} {way}"
    value = "NULL::text" if sort is None else f"({sort.sql})::text"
    sql = (
        f"SELECT {report.key} AS key, {value} AS place FROM {report.table}{where} "  # noqa: S608  (declarations are ours)
        f"ORDER BY {order} LIMIT %s"
    )
    return Statement(sql, (*params, limit))


def _chosen_by_key(asking: Asking, *, limit: int, place: Place | None) -> Statement:
    key = asking.report.key
    conditions = asking.conditions()
    if place is not None:
        conditions.append(Condition(f"{key} < %s", (place.key,)))
    where, params = _where(conditions)
    sql = f"SELECT {key} AS key FROM {asking.report.table}{where} ORDER BY {key} DESC LIMIT %s"  # noqa: S608  (declarations are ours)
    return Statement(sql, (*params, limit))


def _beyond(asking: Asking, place: Place, *, ascends: bool) -> Condition:
    sign = ">" if ascends else "<"
    if asking.sort is None:
        return Condition(f"{asking.report.key} {sign} %s", (place.key,))
    sort = asking.sort
    return Condition(
        f"({sort.sql}, {asking.report.key}) {sign} (%s::{sort.type}, %s)", (place.value, place.key)
    )


def _where(conditions: Iterable[Condition]) -> tuple[str, tuple[Any, ...]]:
    found = list(conditions)
    if not found:
        return "", ()
    text = " AND ".join(f"({condition.sql})" for condition in found)
    return f" WHERE {text}", tuple(value for one in found for value in one.params)


def parts_of(
    parts: Iterable[Part],
    *,
    owners: str = "chosen",
    owner: str = "chosen.key",
    bounds: bool = False,
) -> tuple[str, str]:
    """The tables of `parts` beside one called `owners`, and what joins them to the `owner` of a
    row; `bounds`: see `rows`."""
    tables = joins = ""
    for part in parts:
        tables += (
            f", {part.name} AS (SELECT {part.of} AS key, {part.select} FROM {part.source} "  # noqa: S608  (declarations are ours)
            f"JOIN {owners} ON {owners}.key = {part.of}{_bounds(part.of) if bounds else ''} "
            f"GROUP BY {part.of})"
        )
        joins += f" LEFT JOIN {part.name} ON {part.name}.key = {owner}"
    return tables, joins


def _parts(report: Report, needed: set[str], *, within: bool) -> tuple[str, str]:
    """The report's own, each owner's once, however many of the chosen rows are its."""
    parts = [part for part in report.parts if part.name in needed]
    span = _SPAN if within else ""
    if not (report.owner and parts):
        tables, joins = parts_of(parts, bounds=within)
        return span + tables, joins
    owners = (
        f", owners AS MATERIALIZED (SELECT DISTINCT {report.owner} AS key FROM chosen "  # noqa: S608  (declarations are ours)
        f"JOIN {report.table} ON {report.key} = chosen.key)"
    )
    tables, joins = parts_of(parts, owners="owners", owner=report.owner)
    return span + owners + tables, joins


_SPAN = ", span AS MATERIALIZED (SELECT min(key) AS low, max(key) AS high FROM chosen)"


def _bounds(key: str) -> str:
    return f" AND {key} BETWEEN (SELECT low FROM span) AND (SELECT high FROM span)"  # noqa: S608  (declarations are ours)


def rows(
    report: Report,
    source: Statement,
    values: Sequence[Value],
    *,
    ordered: str,
    within: bool = False,
    first: Statement = _NOTHING,
) -> Statement:
    """`values` of the rows that `source` chooses, in the order `ordered`. `first`: see `before`.

    `within`: only rows between the least and the greatest key are looked at, which an index has
    side by side. Many keys near each other are read in one go then, where each would be looked up
    alone, or a table read whole.
    """
    needed = {name for value in values for name in value.needs}
    tables, joins = _parts(report, needed, within=within)
    shown = ", ".join(f"{value.sql} AS {value.name}" for value in values)
    bounds = _bounds(report.key) if within else ""
    sql = (
        f"WITH {first.sql}chosen AS MATERIALIZED ({source.sql}){tables} "  # noqa: S608  (declarations are ours)
        f"SELECT {shown} FROM chosen JOIN {report.table} ON {report.key} = chosen.key{bounds} "
        f"{report.joins}{joins} ORDER BY {ordered}"
    )
    shown_params = (one for value in values for one in value.params)
    return Statement(sql, (*first.params, *source.params, *shown_params))


def page(
    asking: Asking, columns: Iterable[Column], source: Statement, *, ascends: bool
) -> Statement:
    """The columns of the chosen rows for a screen: raw values, with key, place, zone, currency."""
    report = asking.report
    own = [
        Value("key", "chosen.key"),
        Value("place", "chosen.place"),
        Value("zone", report.zone),
        Value("currency", report.currency),
        *(Value(name, sql) for name, sql in report.beside.items()),
    ]
    values = own + [Value(column.key, column.sql, column.needs) for column in columns]
    ordered = order_of(asking, ascends=ascends)
    return rows(report, source, values, ordered=ordered, first=before(asking))


def order_of(asking: Asking, *, ascends: bool) -> str:
    """ORDER BY of the columns of chosen rows."""
    way, sort = "ASC" if ascends else "DESC", asking.sort
    by_key = f"chosen.key {way}"
    return by_key if sort is None else f"{sort.sql} {way}, {by_key}"


def count(asking: Asking, *, most: int) -> Statement:
    """How many rows there are, but never counting further than one beyond `most`."""
    where, params = _where(asking.conditions())
    first = before(asking)
    sql = (
        f"WITH {first.sql}found AS (SELECT FROM {asking.report.table}{where} LIMIT %s) "  # noqa: S608  (declarations are ours)
        "SELECT count(*) FROM found"
    )
    return Statement(sql, (*first.params, *params, most + 1))


def estimate(asking: Asking) -> Statement:
    """The planner's own guess of how many rows there are, without reading them."""
    where, params = _where(asking.conditions())
    first = before(asking)
    sql = f"WITH {first.sql}found AS (SELECT FROM {asking.report.table}{where}) SELECT FROM found"  # noqa: S608  (declarations are ours)
    return Statement(f"EXPLAIN (FORMAT JSON) {sql}", (*first.params, *params))
