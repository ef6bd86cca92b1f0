"""Managers set the sizes of papers and see what was printed; administrators everything."""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

MANAGER = [
    "view_papersettings",
    "add_papersettings",
    "change_papersettings",
    "view_print",
]


def grant(apps, schema_editor):
    create_permissions(installed.get_app_config("invoicing"), verbosity=0)
    ours = apps.get_model("auth", "Permission").objects.filter(content_type__app_label="invoicing")
    new = ours.filter(codename__in=MANAGER)
    assert new.count() == len(MANAGER)
    groups = apps.get_model("auth", "Group").objects
    for group in groups.filter(name="Manager"):
        group.permissions.add(*new)
    for group in groups.filter(name="Administrator"):
        group.permissions.add(*ours)


class Migration(migrations.Migration):
    dependencies = [("invoicing", "0009_paper")]
    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
