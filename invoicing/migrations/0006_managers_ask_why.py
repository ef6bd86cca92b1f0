"""Managers ask why an answer is what it is, and look at recorded answers."""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations


def grant(apps, schema_editor):
    create_permissions(installed.get_app_config("simulation"), verbosity=0)
    permissions = apps.get_model("auth", "Permission").objects.filter(
        content_type__app_label="simulation",
        codename__in=["view_simulationcapture", "view_simulationminute"],
    )
    assert permissions.count() == 2
    for group in apps.get_model("auth", "Group").objects.filter(
        name__in=["Manager", "Administrator"]
    ):
        group.permissions.add(*permissions)


class Migration(migrations.Migration):
    dependencies = [
        ("invoicing", "0005_roles_reach_newer_screens"),
        ("simulation", "0001_initial"),
    ]
    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
