"""Statements that PostgreSQL plans once, on Django's connection and in its transaction.

Django binds parameters in the client and has every statement planned anew. For the few statements
that many orders wait for, that is most of their cost.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg
from django.db import connection


def execute(sql: str, values: Mapping[str, Any]) -> psycopg.Cursor[tuple[Any, ...]]:
    """Run `sql` where the caller's other statements run; raises what Django's cursors raise."""
    connection.ensure_connection()
    with connection.wrap_database_errors:
        cursor = psycopg.Cursor(connection.connection)
        return cursor.execute(sql, values, prepare=True)
