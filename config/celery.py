"""The Celery application: `celery -A config worker`, the same with `-Q jobs`, and `… beat`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(
    [
        "jobs",
        "sellers.marketplace",
        "simulation",
        "orders",
        "invoicing",
        "reporting",
    ]
)
