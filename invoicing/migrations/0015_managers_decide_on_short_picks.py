"""Managers see what could not be picked; who may decide about orders decides about it."""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

MANAGER = ["view_shortpick"]


def grant(apps, schema_editor):
    create_permissions(installed.get_app_config("invoicing"), verbosity=0)
    permissions = apps.get_model("auth", "Permission").objects
    ours = permissions.filter(content_type__app_label="invoicing")
    new = ours.filter(codename__in=MANAGER)
    assert new.count() == len(MANAGER)
    groups = apps.get_model("auth", "Group").objects
    for group in groups.filter(name="Manager"):
        group.permissions.add(*new)
    for group in groups.filter(name="Administrator"):
        group.permissions.add(*ours)


class Migration(migrations.Migration):
    dependencies = [("invoicing", "0014_picking")]
    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
