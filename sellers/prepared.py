"""Statements that PostgreSQL plans once, on Django's connection and in its transaction.

Django binds parameters in the client, has every statement planned anew and builds objects of what
comes back; psycopg looks up how to write each value and polls for the answer. For the few
statements that every placed order waits for, that is most of their cost: they go to libpq directly.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import orjson
import psycopg
from django.db import DEFAULT_DB_ALIAS, OperationalError, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field, Model
from psycopg import errors, pq
from psycopg.adapt import Transformer

AnyModel = TypeVar("AnyModel", bound=Model)
Row = Mapping[str, Any]

_PARAMETER = re.compile(r"%\((\w+)\)s")
_DONE = (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK)
#: What each connection has prepared so far: a name for each statement.
_known: WeakKeyDictionary[psycopg.Connection[Any], dict[str, bytes]] = WeakKeyDictionary()


def execute(sql: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """The rows of `sql`, run where the caller's other statements run; its parameters are written
    %(name)s. Raises what Django's cursors raise."""
    django = connections[DEFAULT_DB_ALIAS]
    django.close_if_health_check_failed()
    return _execute(django, sql, values)


def ask(sql: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """The same for what changes nothing: a line that was lost while nobody used it is noticed by
    the statement itself, which is run again on a new one. Django would ask beforehand."""
    django: Any = connections[DEFAULT_DB_ALIAS]
    was_idle = not (django.health_check_done or django.in_atomic_block)
    try:
        rows = _execute(django, sql, values)
    except OperationalError:
        if not was_idle or django.is_usable():
            raise
        django.close()
        rows = _execute(django, sql, values)
    django.health_check_done = True
    return rows


def _execute(
    django: BaseDatabaseWrapper, sql: str, values: Mapping[str, Any]
) -> list[tuple[Any, ...]]:
    django.ensure_connection()
    with django.wrap_database_errors:
        return _run(django.connection, sql, values)


def _run(
    line: psycopg.Connection[Any], sql: str, values: Mapping[str, Any]
) -> list[tuple[Any, ...]]:
    numbered, order = _numbered(sql)
    if not line.autocommit and line.pgconn.transaction_status == pq.TransactionStatus.IDLE:
        _checked(line, line.pgconn.exec_(b"BEGIN"))
    names = _known.setdefault(line, {})
    name = names.get(sql)
    if name is None:
        name = b"portal-%d" % len(names)
        _checked(line, line.pgconn.prepare(name, numbered))
        names[sql] = name
    given: list[Any] = [written(values[each]) for each in order]
    result = _checked(line, line.pgconn.exec_prepared(name, given))
    reader = Transformer(line)
    reader.set_pgresult(result)
    return reader.load_rows(0, result.ntuples, tuple)


def _checked(line: psycopg.Connection[Any], result: pq.abc.PGresult) -> pq.abc.PGresult:
    if result.status not in _DONE:
        if line.pgconn.status == pq.ConnStatus.BAD:
            raise errors.OperationalError("the connection was lost")
        raise errors.error_from_result(result)
    return result


@cache
def _numbered(sql: str) -> tuple[bytes, tuple[str, ...]]:
    """With its parameters as PostgreSQL writes them, $1, $2 and so on, and their names in order."""
    order = tuple(dict.fromkeys(_PARAMETER.findall(sql)))
    return _PARAMETER.sub(lambda found: f"${order.index(found[1]) + 1}", sql).encode(), order


def written(value: Any) -> bytes | None:
    """A parameter as text, whose type PostgreSQL knows from where it stands."""
    if value is None:
        return None
    if isinstance(value, datetime):
        return value.isoformat().encode()
    if isinstance(value, (list, tuple)):
        return b"{%b}" % b",".join(_element(each) for each in value)
    return str(value).encode()


def _element(value: Any) -> bytes:
    text = written(value)
    if text is None:
        return b"NULL"
    if isinstance(value, int):
        return text
    return b'"%b"' % text.replace(b"\\", b"\\\\").replace(b'"', b'\\"')


def objects(model: type[AnyModel], where: str, values: Mapping[str, Any]) -> Iterator[AnyModel]:
    """The model's objects that `where`, a condition in SQL, is true of."""
    fields = model._meta.concrete_fields
    names = [field.attname for field in fields]
    read = [getattr(field, "from_db_value", None) for field in fields]
    for row in ask(f"{_select(model)} WHERE {where}", values):
        cells = [
            cell if from_db is None else from_db(cell, None, connection)
            for cell, from_db in zip(row, read, strict=True)
        ]
        yield model.from_db(connection.alias, names, cells)


@cache
def _select(model: type[Model]) -> str:
    columns = ", ".join(_quoted(field) for field in model._meta.concrete_fields)
    return f'SELECT {columns} FROM "{model._meta.db_table}"'  # noqa: S608 (the model's own names)


def insert(
    tables: Mapping[type[Model], Sequence[Row]], *, ending: str = ""
) -> list[tuple[Any, ...]]:
    """Write the rows of all `tables` in one statement. Each row has its values by column; what it
    leaves out is the field's default. Fields whose default is now or chance must be given.

    `ending` is of the last table's INSERT (ON CONFLICT, RETURNING); returns what it returns.
    """
    models = tuple(model for model, rows in tables.items() if rows)
    values = {model.__name__: _json(tables[model]) for model in models}
    return execute(_inserting(models) + ending, values | _blanks(models))


def _json(rows: object) -> str:
    return orjson.dumps(rows, default=str).decode()


@cache
def _blanks(models: tuple[type[Model], ...]) -> dict[str, str]:
    """What a row of each table has where nothing is said."""
    return {
        f"blank_{model.__name__}": _json(
            {field.column: field.get_default() for field in _columns(model)}
        )
        for model in models
    }


@cache
def _inserting(models: tuple[type[Model], ...]) -> str:
    *first, last = (_insert(model) for model in models)
    if not first:
        return last
    parts = (f"part_{number} AS ({sql})" for number, sql in enumerate(first))
    return f"WITH {', '.join(parts)} {last}"


def _insert(model: type[Model]) -> str:
    """PostgreSQL reads the rows as the table's own, from JSON: one parameter, however many."""
    table, name = model._meta.db_table, model.__name__
    columns = ", ".join(_quoted(field) for field in _columns(model))
    blank = f'json_populate_record(NULL::"{table}", %(blank_{name})s)'
    return (
        f'INSERT INTO "{table}" ({columns}) SELECT {columns}'  # noqa: S608 (the model's own names)
        f" FROM json_populate_recordset({blank}, %({name})s)"
    )


def _columns(model: type[Model]) -> list[Field[Any, Any]]:
    """All but the number that the database gives."""
    return [
        field
        for field in model._meta.concrete_fields
        if not field.primary_key or field.remote_field is not None
    ]


def _quoted(field: Field[Any, Any]) -> str:
    return f'"{field.column}"'
