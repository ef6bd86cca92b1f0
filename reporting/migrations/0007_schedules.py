
import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('jobs', '0002_everybody_sees_their_own'),
        ('reporting', '0006_managers_set_thresholds'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ReportSchedule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, verbose_name='name')),
                ('report', models.SlugField(db_index=False, verbose_name='report')),
                ('asked', models.JSONField(blank=True, default=dict, verbose_name='filters')),
                ('format', models.CharField(max_length=10, verbose_name='kind of file')),
                ('language', models.CharField(editable=False, max_length=10, verbose_name='language')),
                ('cadence', models.CharField(choices=[('daily', 'every day'), ('weekly', 'every week'), ('monthly', 'every month')], default='weekly', max_length=10, verbose_name='how often')),
                ('weekday', models.PositiveSmallIntegerField(choices=[(0, 'Monday'), (1, 'Tuesday'), (2, 'Wednesday'), (3, 'Thursday'), (4, 'Friday'), (5, 'Saturday'), (6, 'Sunday')], default=0, help_text='When it is sent every week.', verbose_name='day of the week')),
                ('day', models.PositiveSmallIntegerField(default=1, help_text='When it is sent every month; 28 at most, as every month has that day.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(28)], verbose_name='day of the month')),
                ('hour', models.PositiveSmallIntegerField(default=7, help_text='0 to 23.', validators=[django.core.validators.MaxValueValidator(23)], verbose_name='hour')),
                ('is_active', models.BooleanField(default=True, verbose_name='active')),
                ('next_at', models.DateTimeField(editable=False, verbose_name='next')),
                ('last_at', models.DateTimeField(editable=False, null=True, verbose_name='last')),
                ('recipients', models.ManyToManyField(help_text='Staff who may see reports and money, and have an e-mail address.', related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='recipients')),
            ],
            options={
                'verbose_name': 'scheduled report',
                'verbose_name_plural': 'scheduled reports',
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='ReportLetter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('status', models.CharField(choices=[('waiting', 'waiting'), ('sent', 'sent'), ('refused', 'not sent: they may not see it any more'), ('failed', 'could not be sent')], default='waiting', max_length=10, verbose_name='status')),
                ('tries', models.PositiveSmallIntegerField(default=0, verbose_name='tries')),
                ('tried_at', models.DateTimeField(null=True, verbose_name='last tried')),
                ('job', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='jobs.job', verbose_name='long work')),
                ('recipient', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='recipient')),
                ('schedule', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='letters', to='reporting.reportschedule', verbose_name='scheduled report')),
            ],
            options={
                'verbose_name': 'sent report',
                'verbose_name_plural': 'sent reports',
                'ordering': ['-id'],
                'default_permissions': (),
            },
        ),
        migrations.AddIndex(
            model_name='reportschedule',
            index=models.Index(condition=models.Q(('is_active', True)), fields=['next_at'], name='report_schedule_due'),
        ),
        migrations.AddIndex(
            model_name='reportletter',
            index=models.Index(condition=models.Q(('status', 'waiting')), fields=['id'], name='report_letter_waiting'),
        ),
        migrations.AddConstraint(
            model_name='reportletter',
            constraint=models.UniqueConstraint(fields=('job', 'recipient'), name='one_letter_per_recipient'),
        ),
    ]
