"""The three roles. Warehouse packs without seeing prices or people; managers decide."""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

STORIES = ("sellers", "orders", "invoicing")

WAREHOUSE = {
    "orders": ["view_order", "view_orderline", "pack_order"],
    "invoicing": ["view_package", "view_packageitem"],
    "sellers": ["view_warehouse", "view_sku", "view_stocklevel"],
}
MANAGER = {
    "orders": [
        "view_order",
        "view_orderline",
        "view_timelineentry",
        "view_orderevent",
        "view_personal_data",
        "view_money",
        "pack_order",
    ],
    "invoicing": [
        "view_package",
        "view_packageitem",
        "view_invoice",
        "view_invoiceline",
        "view_invoiceseries",
        "change_invoiceseries",
    ],
    "sellers": [
        "view_selleraccount",
        "view_outboxmessage",
        "change_outboxmessage",
        "view_deliveryattempt",
        "view_stockmovement",
        "view_hold",
        "view_stocklevel",
        *(
            f"{verb}_{model}"
            for model in (
                "warehouse",
                "sku",
                "saleschannelprice",
                "shippingpolicy",
                "policywarehouse",
                "freightrate",
                "deliverywindow",
                "pickuppoint",
            )
            for verb in ("view", "add", "change", "delete")
        ),
        "change_stocklevel",
    ],
}


def create_roles(apps, schema_editor):
    # Permissions are normally made after all migrations; the roles need them now.
    for label in STORIES:
        create_permissions(installed.get_app_config(label), verbosity=0)
    group_model = apps.get_model("auth", "Group")
    permission_model = apps.get_model("auth", "Permission")

    def grant(name, permissions):
        group_model.objects.get_or_create(name=name)[0].permissions.add(*permissions)

    def named(wanted):
        for label, codenames in wanted.items():
            found = permission_model.objects.filter(
                content_type__app_label=label, codename__in=codenames
            )
            missing = set(codenames) - set(found.values_list("codename", flat=True))
            assert not missing, f"{label}: no such permission: {sorted(missing)}"
            yield from found

    grant("Warehouse", named(WAREHOUSE))
    grant("Manager", named(MANAGER))
    grant(
        "Administrator",
        permission_model.objects.filter(content_type__app_label__in=[*STORIES, "auth"]),
    )


def remove_roles(apps, schema_editor):
    apps.get_model("auth", "Group").objects.filter(
        name__in=["Warehouse", "Manager", "Administrator"]
    ).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("invoicing", "0001_initial"),
        ("orders", "0001_initial"),
        ("sellers", "0002_ledger_is_append_only"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(create_roles, remove_roles)]
