"""The database keeps the differences itself; managers see reports."""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

from reporting import keeping

# Goes with its order, whatever a trigger wrote in between.
CASCADE = """
ALTER TABLE reporting_difference ADD CONSTRAINT reporting_difference_of_order
FOREIGN KEY (order_id) REFERENCES orders_order (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
"""
REMOVE = """
DROP FUNCTION reporting_order_changed, reporting_lines_changed, reporting_invoices_changed,
              reporting_invoice_lines_changed CASCADE;
DROP FUNCTION reporting_settle;
"""


def install(apps, schema_editor):
    keeping.install(schema_editor.execute)
    schema_editor.execute(keeping.SETTLE_ALL)


def remove(apps, schema_editor):
    schema_editor.execute(REMOVE)


def grant(apps, schema_editor):
    create_permissions(installed.get_app_config("reporting"), verbosity=0)
    permission = apps.get_model("auth", "Permission").objects.get(
        content_type__app_label="reporting", codename="see_reports"
    )
    groups = apps.get_model("auth", "Group").objects
    for group in groups.filter(name__in=["Manager", "Administrator"]):
        group.permissions.add(permission)


class Migration(migrations.Migration):
    dependencies = [
        ("reporting", "0001_differences"),
        ("invoicing", "0008_carriers_are_kept_by_managers"),
    ]
    operations = [
        migrations.RunSQL(CASCADE, migrations.RunSQL.noop),
        migrations.RunPython(install, remove),
        migrations.RunPython(grant, migrations.RunPython.noop),
    ]
