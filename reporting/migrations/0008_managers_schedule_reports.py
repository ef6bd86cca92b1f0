"""Managers have reports sent regularly; administrators too."""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

WANTED = [f"{verb}_reportschedule" for verb in ("view", "add", "change", "delete")]


def grant(apps, schema_editor):
    create_permissions(installed.get_app_config("reporting"), verbosity=0)
    wanted = apps.get_model("auth", "Permission").objects.filter(
        content_type__app_label="reporting", codename__in=WANTED
    )
    assert wanted.count() == len(WANTED)
    groups = apps.get_model("auth", "Group").objects
    for group in groups.filter(name__in=["Manager", "Administrator"]):
        group.permissions.add(*wanted)


class Migration(migrations.Migration):
    dependencies = [
        ("reporting", "0007_schedules"),
        ("invoicing", "0008_carriers_are_kept_by_managers"),
    ]
    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
