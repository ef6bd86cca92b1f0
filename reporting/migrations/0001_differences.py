
import django.db.models.deletion
import django.db.models.functions.math
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('orders', '0005_order_changes'),
    ]

    operations = [
        migrations.CreateModel(
            name='Difference',
            fields=[
                ('order', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, primary_key=True, related_name='difference', serialize=False, to='orders.order', verbose_name='order')),
                ('cents', models.BigIntegerField(verbose_name='difference, cents')),
                ('cause', models.CharField(choices=[('rows', 'the rows do not add up'), ('cancelled', 'invoiced, but not to be paid'), ('freight', 'freight left out'), ('discount', 'discount left out'), ('quantity', 'units without invoice'), ('rounding', 'rounding'), ('price', 'another value')], max_length=12, verbose_name='cause')),
            ],
            options={
                'verbose_name': 'difference',
                'verbose_name_plural': 'differences',
                'ordering': ['-order'],
                'permissions': [('see_reports', 'Can see reports')],
                'default_permissions': (),
                'indexes': [models.Index(fields=['cause', '-order'], name='difference_by_cause'), models.Index(models.OrderBy(django.db.models.functions.math.Abs('cents'), descending=True), name='difference_by_size')],
            },
        ),
    ]
