"""Managers keep the carriers and see returns; the postal service is there from the start."""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

MANAGER = ["view_return", "view_returnitem", "view_trackingevent"] + [
    f"{verb}_carrier" for verb in ("view", "add", "change", "delete")
]
CORREIOS = {
    "url_template": "https://rastreamento.correios.com.br/app/index.php?objetos={number}",
    "number_format": "AA999999999AA",
    "has_check_digit": True,
}


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


def add_the_postal_service(apps, schema_editor):
    carriers = apps.get_model("invoicing", "Carrier").objects
    if not carriers.filter(name__iexact="Correios").exists():
        carriers.create(name="Correios", **CORREIOS)


class Migration(migrations.Migration):
    dependencies = [("invoicing", "0007_returns_and_carriers")]
    operations = [
        migrations.RunPython(grant, migrations.RunPython.noop),
        migrations.RunPython(add_the_postal_service, migrations.RunPython.noop),
    ]
