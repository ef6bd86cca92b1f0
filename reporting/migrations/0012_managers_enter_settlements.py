"""Managers enter settlement files; administrators too."""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations


def grant(apps, schema_editor):
    create_permissions(installed.get_app_config("reporting"), verbosity=0)
    permission = apps.get_model("auth", "Permission").objects.get(
        content_type__app_label="reporting", codename="enter_settlements"
    )
    groups = apps.get_model("auth", "Group").objects
    for group in groups.filter(name__in=["Manager", "Administrator"]):
        group.permissions.add(permission)


class Migration(migrations.Migration):
    dependencies = [("reporting", "0011_settlements")]
    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
