"""What the roles lacked: closed days, capacity, decisions on messages and on orders; roles.

Django's own permissions are made after all migrations, so those on roles did not exist before.
"""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

STORIES = ("sellers", "orders", "invoicing")
MANAGER = [
    "view_closure",
    "add_closure",
    "change_closure",
    "delete_closure",
    "view_capacityuse",
    "view_staffdecision",
]


def grant(apps, schema_editor):
    for label in (*STORIES, "auth"):
        create_permissions(installed.get_app_config(label), verbosity=0)
    permissions = apps.get_model("auth", "Permission").objects
    groups = apps.get_model("auth", "Group").objects
    new = permissions.filter(content_type__app_label="sellers", codename__in=MANAGER)
    assert new.count() == len(MANAGER)
    decides = permissions.get(content_type__app_label="orders", codename="change_order")
    for group in groups.filter(name="Manager"):
        group.permissions.add(decides, *new)
    for group in groups.filter(name="Administrator"):
        everything = permissions.filter(content_type__app_label__in=[*STORIES, "auth"])
        group.permissions.add(*everything)


class Migration(migrations.Migration):
    dependencies = [
        ("invoicing", "0004_managers_see_stock_audits"),
        ("orders", "0002_flags_and_cancellation"),
        ("sellers", "0007_outbox_applied"),
    ]
    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
