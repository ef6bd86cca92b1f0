import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('sellers', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='SimulationCapture',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(verbose_name='at')),
                ('status', models.PositiveSmallIntegerField(verbose_name='HTTP status')),
                ('causes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), size=None, verbose_name='causes')),
                ('refs', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=100), size=None, verbose_name='SKUs')),
                ('lines', models.JSONField(default=list, verbose_name='lines')),
                ('tariff_revision', models.PositiveBigIntegerField(null=True, verbose_name='tariff revision')),
                ('took_us', models.PositiveIntegerField(verbose_name='took, µs')),
                ('payload', models.BinaryField(verbose_name='snapshot')),
                ('answer', models.BinaryField(verbose_name='answer')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='sellers.selleraccount', verbose_name='account')),
            ],
            options={
                'verbose_name': 'recorded answer',
                'verbose_name_plural': 'recorded answers',
                'ordering': ['-at', '-id'],
                'indexes': [django.contrib.postgres.indexes.GinIndex(fields=['refs'], name='capture_by_sku'), models.Index(fields=['-at', '-id'], name='capture_by_time')],
            },
        ),
        migrations.CreateModel(
            name='SimulationMinute',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('minute', models.DateTimeField(verbose_name='minute')),
                ('calls', models.PositiveIntegerField(default=0, verbose_name='calls')),
                ('unavailable', models.PositiveIntegerField(default=0, help_text='Answered, but something could not be sold.', verbose_name='unavailable')),
                ('rejected', models.PositiveIntegerField(default=0, verbose_name='rejected, 4xx')),
                ('unanswered', models.PositiveIntegerField(default=0, verbose_name='unanswered, 503')),
                ('failed', models.PositiveIntegerField(default=0, verbose_name='failed, other 5xx')),
                ('dropped', models.PositiveIntegerField(default=0, help_text='Answers that should have been kept, but were not.', verbose_name='not recorded')),
                ('durations', django.contrib.postgres.fields.ArrayField(base_field=models.PositiveIntegerField(), size=None, verbose_name='durations')),
                ('causes', models.JSONField(default=dict, verbose_name='causes')),
                ('account', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='sellers.selleraccount', verbose_name='account')),
            ],
            options={
                'verbose_name': 'minute of simulations',
                'verbose_name_plural': 'minutes of simulations',
                'ordering': ['-minute', 'account'],
                'constraints': [models.UniqueConstraint(fields=('minute', 'account'), name='one_row_per_minute', nulls_distinct=False)],
            },
        ),
    ]
