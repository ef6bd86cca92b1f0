"""Statements that PostgreSQL plans once, on Django's connection and in its transaction.

Django binds parameters in the client, has every statement planned anew and builds objects of what
comes back. For the few statements that every placed order waits for, that is most of their cost.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

import orjson
import psycopg
from django.db import connection
from django.db.models import Field, Model

AnyModel = TypeVar("AnyModel", bound=Model)
Row = Mapping[str, Any]


def execute(sql: str, values: Mapping[str, Any]) -> psycopg.Cursor[tuple[Any, ...]]:
    """Run `sql` where the caller's other statements run; raises what Django's cursors raise."""
    connection.ensure_connection()
    with connection.wrap_database_errors:
        cursor = psycopg.Cursor(connection.connection)
        return cursor.execute(sql, values, prepare=True)


def objects(model: type[AnyModel], where: str, values: Mapping[str, Any]) -> Iterator[AnyModel]:
    """The model's objects that `where`, a condition in SQL, is true of."""
    fields = model._meta.concrete_fields
    names = [field.attname for field in fields]
    read = [getattr(field, "from_db_value", None) for field in fields]
    for row in execute(f"{_select(model)} WHERE {where}", values):
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
    cursor = execute(_inserting(models) + ending, values | _blanks(models))
    return cursor.fetchall() if cursor.description else []


def _json(rows: object) -> str:
    return orjson.dumps(rows, default=str).decode()


@cache
def _blanks(models: tuple[type[Model], ...]) -> dict[str, str]:
    """What a row of each table has where nothing is said."""
    return {
        f"blank_{model.__name__}": _json(
            {field.column: field.get_default() for field in _written(model)}
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
    columns = ", ".join(_quoted(field) for field in _written(model))
    blank = f'json_populate_record(NULL::"{table}", %(blank_{name})s)'
    return (
        f'INSERT INTO "{table}" ({columns}) SELECT {columns}'  # noqa: S608 (the model's own names)
        f" FROM json_populate_recordset({blank}, %({name})s)"
    )


def _written(model: type[Model]) -> list[Field[Any, Any]]:
    """The columns that are not numbered by the database itself."""
    return [field for field in model._meta.concrete_fields if not _is_numbered(field)]


def _is_numbered(field: Field[Any, Any]) -> bool:
    return field.primary_key and field.remote_field is None


def _quoted(field: Field[Any, Any]) -> str:
    return f'"{field.column}"'
