"""Managers see and set what the marketplace demands; administrators too."""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

WANTED = [f"{verb}_scorecard" for verb in ("view", "add", "change")]


def grant(apps, schema_editor):
    create_permissions(installed.get_app_config("reporting"), verbosity=0)
    permissions = apps.get_model("auth", "Permission").objects.filter(
        content_type__app_label="reporting"
    )
    wanted = permissions.filter(codename__in=WANTED)
    assert wanted.count() == len(WANTED)
    groups = apps.get_model("auth", "Group").objects
    for group in groups.filter(name="Manager"):
        group.permissions.add(*wanted)
    for group in groups.filter(name="Administrator"):
        group.permissions.add(*permissions)


class Migration(migrations.Migration):
    dependencies = [
        ("reporting", "0005_days"),
        ("invoicing", "0008_carriers_are_kept_by_managers"),
    ]
    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
