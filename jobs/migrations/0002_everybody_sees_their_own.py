"""Every role has the list of long work; it shows each person their own."""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

ROLES = ("Warehouse", "Manager", "Administrator")


def grant(apps, schema_editor):
    create_permissions(installed.get_app_config("jobs"), verbosity=0)
    view = apps.get_model("auth", "Permission").objects.get(
        content_type__app_label="jobs", codename="view_job"
    )
    for group in apps.get_model("auth", "Group").objects.filter(name__in=ROLES):
        group.permissions.add(view)


class Migration(migrations.Migration):
    # The roles are made by invoicing's migrations.
    dependencies = [("jobs", "0001_initial"), ("invoicing", "0008_carriers_are_kept_by_managers")]
    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
