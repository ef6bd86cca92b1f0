"""Managers see the stock audit's alarms."""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations


def grant(apps, schema_editor):
    create_permissions(installed.get_app_config("sellers"), verbosity=0)
    permission = apps.get_model("auth", "Permission").objects.get(
        content_type__app_label="sellers", codename="view_stockaudit"
    )
    for group in apps.get_model("auth", "Group").objects.filter(
        name__in=["Manager", "Administrator"]
    ):
        group.permissions.add(permission)


class Migration(migrations.Migration):
    dependencies = [
        ("invoicing", "0003_gestures"),
        ("sellers", "0006_stock_audits"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]
    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
