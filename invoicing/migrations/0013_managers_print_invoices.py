"""Managers and administrators print invoices. Packers do where a shop gives them the permission:
the paper names the shopper's document number and prices."""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations


def grant(apps, schema_editor):
    create_permissions(installed.get_app_config("invoicing"), verbosity=0)
    prints = apps.get_model("auth", "Permission").objects.get(
        content_type__app_label="invoicing", codename="print_invoice"
    )
    for group in apps.get_model("auth", "Group").objects.filter(
        name__in=("Manager", "Administrator")
    ):
        group.permissions.add(prints)


class Migration(migrations.Migration):
    dependencies = [("invoicing", "0012_invoice_prints")]
    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
