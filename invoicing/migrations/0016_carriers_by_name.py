
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('invoicing', '0015_managers_decide_on_short_picks'),
        ('orders', '0010_indexes_for_reports'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name='package',
            index=models.Index(condition=models.Q(('courier', ''), _negated=True), fields=['courier', 'order'], name='package_by_courier'),
        ),
    ]
