from django.db import migrations, models


class Migration(migrations.Migration):
    """Words only: a message is accepted by the marketplace, goods are delivered."""

    dependencies = [("sellers", "0010_dialects_and_freight")]

    operations = [
        migrations.AlterField(
            model_name="outboxmessage",
            name="status",
            field=models.CharField(
                choices=[
                    ("pending", "waiting to be sent"),
                    ("delivered", "accepted by the marketplace"),
                    ("rejected", "refused by the marketplace"),
                    ("exhausted", "gave up"),
                    ("unauthorised", "credentials refused"),
                    ("superseded", "no longer needed"),
                ],
                default="pending",
                max_length=14,
                verbose_name="status",
            ),
        ),
    ]
