"""Managers keep the barcodes of cases; the warehouse, which scans them, may look them up."""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

WAREHOUSE = ["view_casebarcode"]
MANAGER = [f"{verb}_casebarcode" for verb in ("view", "add", "change", "delete")]


def grant(apps, schema_editor):
    create_permissions(installed.get_app_config("sellers"), verbosity=0)
    permissions = apps.get_model("auth", "Permission").objects
    ours = permissions.filter(content_type__app_label="sellers")
    roles = {"Warehouse": WAREHOUSE, "Manager": MANAGER, "Administrator": MANAGER}
    for name, codenames in roles.items():
        found = ours.filter(codename__in=codenames)
        assert found.count() == len(codenames)
        for group in apps.get_model("auth", "Group").objects.filter(name=name):
            group.permissions.add(*found)


class Migration(migrations.Migration):
    dependencies = [
        ("invoicing", "0016_carriers_by_name"),
        ("sellers", "0014_case_barcodes"),
    ]
    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
