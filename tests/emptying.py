"""What a test committed is deleted after it, from the tables that have rows.

Django truncates every table instead, which makes new files for all of them and all their indexes,
and writes permissions anew: for most of our tests that took longer than what they test.
"""

from __future__ import annotations

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.test import TransactionTestCase

# Written by migrations: what things are called and who may do what. Tests leave them as they are.
KEPT = ("django_content_type", "auth_permission", "auth_group", "auth_group_permissions")


def after_each(_case: TransactionTestCase) -> None:
    """Stands in for TransactionTestCase._fixture_teardown."""
    with transaction.atomic(), connection.cursor() as cursor:
        # References, and the guard of the ledger, are triggers, which this role does not fire.
        cursor.execute("SET LOCAL session_replication_role = replica")
        for table in _filled(cursor):
            cursor.execute(f"DELETE FROM {table}")  # noqa: S608  # a table's own name, quoted


def _filled(cursor: CursorWrapper) -> list[str]:
    every = connection.introspection.django_table_names(only_existing=True)
    names = [connection.ops.quote_name(name) for name in every if name not in KEPT]
    asked = " UNION ALL ".join(
        f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})"  # noqa: S608  # as above
        for name in names
    )
    cursor.execute(asked)
    return [name for (name,) in cursor.fetchall()]
