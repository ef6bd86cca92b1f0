
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0009_packed_orders_by_time'),
        ('sellers', '0013_corrections_and_options'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='order',
            name='order_by_placed',
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['placed_at', 'id'], name='order_by_placed'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('authorized_at__isnull', False)), fields=['authorized_at', 'id'], name='order_by_authorized'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('handling_at__isnull', False)), fields=['handling_at', 'id'], name='order_by_handling'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('delivered_at__isnull', False)), fields=['delivered_at', 'id'], name='order_by_delivered'),
        ),
    ]
