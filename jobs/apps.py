from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class JobsConfig(AppConfig):
    name = "jobs"
    verbose_name = _("Long work")

    def ready(self) -> None:
        """Every app's kinds of long work, in its module `jobs`."""
        autodiscover_modules("jobs")
