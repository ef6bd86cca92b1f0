"""Brings a table to what a file says with a handful of statements, however many rows there are.

The rows are copied into a temporary table; from there one UPDATE changes what differs, one DELETE
removes what the file no longer has (where it is the whole truth), one INSERT adds the rest. Rows
that are right already are not touched, so nobody waits for a lock on them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, models
from django.db.models.fields import Field
from psycopg import sql

STAGED = sql.Identifier("seller_file_staged")


@dataclass(frozen=True)
class Counts:
    """What became of the rows of one kind."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0

    @property
    def changed(self) -> int:
        return self.created + self.updated + self.removed

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.created + other.created,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
            self.removed + other.removed,
        )


@dataclass(frozen=True)
class Target:
    """Where rows go: the columns that identify one, the others, and the parent column, if any.

    A value of None in a column of `kept_when_null` leaves what is stored.
    """

    model: type[models.Model]
    key: tuple[str, ...]
    values: tuple[str, ...]
    parent: str = ""
    kept_when_null: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        return (*self.key, *self.values)

    @property
    def table(self) -> sql.Identifier:
        return sql.Identifier(self.model._meta.db_table)


def merge(
    target: Target, rows: Iterable[Sequence[Any]], *, whole_for: Sequence[int] = ()
) -> Counts:
    """Make the table hold `rows` (in the order of `target.columns`), inside a transaction.

    Rows of the parents in `whole_for` that are not among `rows` are removed.
    """
    total = _stage(target, rows)
    with connection.cursor() as cursor:
        updated = _run(cursor, _update(target)) if target.values else 0
        removed = _run(cursor, _delete(target), [list(whole_for)]) if whole_for else 0
        created = _run(cursor, *_insert(target))
        cursor.execute(sql.SQL("DROP TABLE {}").format(STAGED))
    return Counts(created, updated, total - created - updated, removed)


def _stage(target: Target, rows: Iterable[Sequence[Any]]) -> int:
    columns = _names(target.columns)
    create = "CREATE TEMPORARY TABLE {} AS SELECT {} FROM {} WITH NO DATA"
    total = 0
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL(create).format(STAGED, columns, target.table))
        with cursor.copy(sql.SQL("COPY {} ({}) FROM STDIN").format(STAGED, columns)) as copy:
            for row in rows:
                copy.write_row(row)
                total += 1
        # The planner would guess at a fresh table, and join a hundred thousand rows in a loop.
        cursor.execute(sql.SQL("ANALYZE {}").format(STAGED))
    return total


def _run(cursor: Any, statement: sql.Composed, parameters: Sequence[Any] = ()) -> int:
    cursor.execute(statement, parameters)
    return int(cursor.rowcount)


def _update(target: Target) -> sql.Composed:
    wanted = [_wanted(target, name) for name in target.values]
    return sql.SQL("UPDATE {} t SET {} FROM {} s WHERE {} AND ({}) IS DISTINCT FROM ({})").format(
        target.table,
        sql.SQL(", ").join(
            sql.SQL("{} = {}").format(sql.Identifier(name), value)
            for name, value in zip(target.values, wanted, strict=True)
        ),
        STAGED,
        _same_key(target),
        _names(target.values, "t"),
        sql.SQL(", ").join(wanted),
    )


def _delete(target: Target) -> sql.Composed:
    return sql.SQL(
        "DELETE FROM {} t WHERE t.{} = ANY(%s) AND NOT EXISTS (SELECT FROM {} s WHERE {})"
    ).format(target.table, sql.Identifier(target.parent), STAGED, _same_key(target))


def _insert(target: Target) -> tuple[sql.Composed, list[Any]]:
    """The file does not know every column; the others begin with the model's defaults."""
    fields = {f.attname: f for f in target.model._meta.concrete_fields if not f.primary_key}
    defaults = {name: _default(fields[name]) for name in fields if name not in target.columns}
    statement = sql.SQL(
        "INSERT INTO {} ({}) SELECT {} FROM {} s WHERE NOT EXISTS (SELECT FROM {} t WHERE {})"
    ).format(
        target.table,
        _names((*target.columns, *defaults)),
        sql.SQL(", ").join(
            [_inserted(target, name) for name in target.columns]
            + [sql.Placeholder()] * len(defaults)
        ),
        STAGED,
        target.table,
        _same_key(target),
    )
    kept = [name for name in target.columns if name in target.kept_when_null]
    return statement, [*(_default(fields[name]) for name in kept), *defaults.values()]


def _default(field: Field[Any, Any]) -> Any:
    return field.get_db_prep_save(field.get_default(), connection)


def _wanted(target: Target, name: str) -> sql.Composed:
    form = "COALESCE(s.{0}, t.{0})" if name in target.kept_when_null else "s.{}"
    return sql.SQL(form).format(sql.Identifier(name))


def _inserted(target: Target, name: str) -> sql.Composed:
    form = "COALESCE(s.{}, %s)" if name in target.kept_when_null else "s.{}"
    return sql.SQL(form).format(sql.Identifier(name))


def _same_key(target: Target) -> sql.Composed:
    """Null is a value like another in a key (no heaviest line); `=` is what a hash join can use."""
    null = {f.attname for f in target.model._meta.concrete_fields if f.null}
    return sql.SQL(" AND ").join(
        sql.SQL("t.{0} IS NOT DISTINCT FROM s.{0}" if name in null else "t.{0} = s.{0}").format(
            sql.Identifier(name)
        )
        for name in target.key
    )


def _names(columns: Iterable[str], alias: str = "") -> sql.Composed:
    prefix = sql.SQL(f"{alias}." if alias else "")
    return sql.SQL(", ").join(prefix + sql.Identifier(name) for name in columns)
