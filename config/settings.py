"""Settings, in the order of Django's own reference. docs/configuration.md says the rest."""

from __future__ import annotations

from typing import Any

import django_stubs_ext
from celery.schedules import crontab
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from config.env import BASE_DIR, PRODUCTION, development_secret, env, portal_env, required, var_dir

# Generic Django classes, as mypy reads them (ModelForm[Sku]), must exist at run time too.
django_stubs_ext.monkeypatch()

PORTAL_ENV = portal_env()
IN_PRODUCTION = PORTAL_ENV == PRODUCTION
VAR_DIR = var_dir()
VERSION = "0.1.0"

# --- core -------------------------------------------------------------------------------------
DEBUG = env.bool("DEBUG", default=False)
if IN_PRODUCTION:
    SECRET_KEY = required("SECRET_KEY", why="sessions and links are signed with it.")
    ENCRYPTION_KEYS = required(
        "ENCRYPTION_KEYS", why="marketplace credentials are encrypted with it."
    ).split(",")
    ALLOWED_HOSTS = required("ALLOWED_HOSTS", why="only these names are answered.").split(",")
    if DEBUG:
        raise ImproperlyConfigured(
            "DEBUG must be off in production: it shows internals to callers."
        )
    if len(SECRET_KEY) < 40 or "change-me" in SECRET_KEY:
        raise ImproperlyConfigured(
            "SECRET_KEY is too weak for production: use 50 random characters."
        )
    if "*" in ALLOWED_HOSTS:
        raise ImproperlyConfigured("ALLOWED_HOSTS must not be '*' in production: name the hosts.")
    for _url in ("DATABASE_URL", "REDIS_URL"):
        required(_url, why="embedded servers are for demonstration and development only.")
else:
    SECRET_KEY = env.str("SECRET_KEY", default="") or development_secret()
    ENCRYPTION_KEYS = env.list("ENCRYPTION_KEYS", default=[])
    ALLOWED_HOSTS = env.list(
        "ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]", "testserver"]
    )

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "config.apps.PortalAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "jobs",
    "sellers",
    "simulation",
    "orders",
    "invoicing",
    "reporting",
    "rehearsal",
]
if not IN_PRODUCTION:
    INSTALLED_APPS.append("demo")
MIDDLEWARE = [
    "sellers.marketplace.tracing.TraceMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.common.CommonMiddleware",
    "config.short_way.ShortWay",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "sellers.language.StaffLanguageMiddleware",
    "config.clean_text.CleanText",
    "django.contrib.messages.middleware.MessageMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
# VTEX posts to .../orders with and without a trailing slash; a redirect would lose the body.
APPEND_SLASH = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

# --- database ---------------------------------------------------------------------------------
DATABASES: dict[str, dict[str, Any]] = {
    "default": env.db_url("DATABASE_URL", default="postgresql:///")
}
if not DATABASES["default"]["ENGINE"].endswith("postgresql"):
    raise ImproperlyConfigured(
        "DATABASE_URL must name a PostgreSQL database; no other engine works."
    )
DATABASES["default"] |= {
    "CONN_MAX_AGE": None,
    "CONN_HEALTH_CHECKS": True,
    "ATOMIC_REQUESTS": False,
}
# For the statements of sellers.prepared, the only ones whose parameters PostgreSQL sees: planning
# takes longer than running them, and comes to the same plan every time.
_OPTIONS = DATABASES["default"].setdefault("OPTIONS", {})
_OPTIONS["options"] = f"{_OPTIONS.get('options', '')} -c plan_cache_mode=force_generic_plan".strip()
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", default="redis://127.0.0.1:6379/0")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL.replace("redis+socket://", "unix://"),
    }
}

# --- people -----------------------------------------------------------------------------------
AUTH_USER_MODEL = "sellers.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
if IN_PRODUCTION:
    # A database that once served a demonstration has logins whose passwords everybody can read.
    AUTHENTICATION_BACKENDS.insert(0, "demo.refusing.RefuseDemoPasswords")
    AUTH_PASSWORD_VALIDATORS.append({"NAME": "demo.refusing.NotADemoPassword"})
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"

# --- e-mail: none is sent until EMAIL_URL says how ----------------------------------------------
globals().update(env.email_url("EMAIL_URL", default="dummymail://"))
DEFAULT_FROM_EMAIL = env.str("EMAIL_FROM", default="portal@localhost")
EMAIL_TIMEOUT = 20

# --- languages and time -----------------------------------------------------------------------
LANGUAGE_CODE = env.str("LANGUAGE_CODE", default="en")
LANGUAGES = [("en", _("English")), ("pt-br", _("Brazilian Portuguese"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "config.formats"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# --- files ------------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
MEDIA_ROOT = VAR_DIR / "media"

# --- security ---------------------------------------------------------------------------------
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IN_PRODUCTION
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
if IN_PRODUCTION:
    SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31_536_000)
    SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# --- logging: never bodies, never personal data, never a whole endpoint key ---------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "sellers.redaction.EndpointKeyFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        }
    },
    "filters": {"one_line": {"()": "config.refusing.OneLine"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    # Django's own console handlers would write whole keys.
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        "django.server": {"handlers": [], "propagate": True},
        "django.security.DisallowedHost": {"filters": ["one_line"]},
        # Says at every start that it cannot draw bitmaps, which nobody asks of it.
        "pyBarcode": {"level": "WARNING"},
        # They tell of each font they subset, and the second of the letters of a name.
        "fontTools": {"level": "WARNING"},
        "fpdf": {"level": "ERROR"},
    },
}

# --- Celery -------------------------------------------------------------------------------------
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://")
# Workers and beat log as the web does: Celery's own handlers would write whole endpoint keys.
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A broker that is down must not hold up the request that only nudges a worker.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    "socket_connect_timeout": 1,
    "socket_timeout": 5,
}
CELERY_TIMEZONE = "UTC"
# Long work has a worker of its own: an export of an hour must not hold up an invoice.
CELERY_TASK_ROUTES = {"jobs.tasks.*": {"queue": "jobs"}}
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "deliver-outbox": {
        "task": "sellers.marketplace.tasks.deliver_due",
        "schedule": 5.0,
        "options": {"expires": 5.0},
    },
    "confirm-applied": {
        "task": "sellers.marketplace.tasks.confirm_applied",
        "schedule": 15.0,
        "options": {"expires": 15.0},
    },
    "expire-holds": {"task": "orders.tasks.expire_holds", "schedule": 60.0},
    "reschedule": {
        "task": "orders.tasks.reschedule",
        "schedule": 60.0,
        "options": {"expires": 60.0},
    },
    "process-events": {"task": "orders.tasks.process_events", "schedule": 15.0},
    "read-feeds": {
        "task": "orders.tasks.read_feeds",
        "schedule": 60.0,
        "options": {"expires": 60.0},
    },
    "sweep-orders": {
        "task": "orders.tasks.sweep_orders",
        "schedule": 60.0,
        "options": {"expires": 60.0},
    },
    "watch-hooks": {"task": "orders.tasks.watch_hooks", "schedule": 1800.0},
    "audit-stock": {"task": "orders.tasks.audit_stock", "schedule": 3600.0},
    "erase-old-personal-data": {
        "task": "orders.tasks.erase_old_personal_data",
        "schedule": 1800.0,
    },
    "work-on-jobs": {
        "task": "jobs.tasks.work",
        "schedule": 10.0,
        "options": {"expires": 10.0},
    },
    "clean-up-jobs": {"task": "jobs.tasks.clean_up", "schedule": 1800.0},
    "send-digest": {
        "task": "reporting.tasks.send_digest",
        "schedule": 300.0,
        "options": {"expires": 300.0},
    },
    "send-scheduled-reports": {
        "task": "reporting.tasks.send_scheduled",
        "schedule": 60.0,
        "options": {"expires": 60.0},
    },
    "count-recent-days": {
        "task": "reporting.tasks.count_recent_days",
        "schedule": 300.0,
        "options": {"expires": 300.0},
    },
    "count-all-days": {
        "task": "reporting.tasks.count_all_days",
        "schedule": crontab(hour="6", minute="17"),
    },
    "settle-recent-promises": {
        "task": "reporting.tasks.settle_recent_promises",
        "schedule": 1800.0,
        "options": {"expires": 1800.0},
    },
    "settle-all-promises": {
        "task": "reporting.tasks.settle_all_promises",
        "schedule": crontab(hour="6", minute="37"),
    },
    "trim-simulations": {"task": "simulation.tasks.trim", "schedule": 300.0},
}

# --- the portal's own -----------------------------------------------------------------------------
# Where VTEX reaches this portal; the fulfilment endpoints that commands print begin with it.
PORTAL_URL = env.str("PORTAL_URL", default=f"http://127.0.0.1:{env.str('PORT', default='8000')}")
# Shoppers' data is erased this long after an order is over; 0 keeps it until somebody asks.
PERSONAL_DATA_DAYS = env.int("PERSONAL_DATA_DAYS", default=0)
# An open order not compared with the marketplace for so long is read there again.
ORDER_COMPARE_HOURS = env.float("ORDER_COMPARE_HOURS", default=6.0)
# Who is told by e-mail what needs attention, and at which full hours of the first account's clock.
ATTENTION_EMAILS = env.list("ATTENTION_EMAILS", default=[])
ATTENTION_EMAIL_HOURS = [int(hour) for hour in env.list("ATTENTION_EMAIL_HOURS", default=[7, 12])]
if ATTENTION_EMAILS and not env.str("EMAIL_URL", default=""):
    raise ImproperlyConfigured("ATTENTION_EMAILS needs EMAIL_URL, which says how mail is sent.")
# Hosts other than an account's own marketplace are never called. Loopback is where a stand-in is:
# in production it is switched on for the time of a rehearsal, by somebody who means it.
OUTBOUND_ALLOW_LOOPBACK = env.bool("OUTBOUND_ALLOW_LOOPBACK", default=not IN_PRODUCTION)
OUTBOUND_TIMEOUT_SECONDS = (3.05, 15.0)
# For a whole answer, however slowly it drips.
OUTBOUND_DEADLINE_SECONDS = 30.0
# Calls under way at once: of one worker process, and of one account over all workers.
OUTBOUND_CONCURRENCY = env.int("OUTBOUND_CONCURRENCY", default=32)
OUTBOUND_CALLS_PER_ACCOUNT = env.int("OUTBOUND_CALLS_PER_ACCOUNT", default=8)
# Of one account, over all workers.
OUTBOUND_RATE_PER_SECOND = env.float("OUTBOUND_RATE_PER_SECOND", default=20.0)
OUTBOUND_BURST = env.int("OUTBOUND_BURST", default=40)
# Shortest and longest: between two tries of a message; of an account's open circuit.
OUTBOUND_BACKOFF_SECONDS = (env.float("OUTBOUND_BACKOFF_SECONDS", default=5.0), 300.0)
OUTBOUND_CIRCUIT_SECONDS = (env.float("OUTBOUND_CIRCUIT_SECONDS", default=10.0), 300.0)
# After a 429 that does not say how long.
OUTBOUND_THROTTLED_SECONDS = env.float("OUTBOUND_THROTTLED_SECONDS", default=60.0)
# Answers that disappoint are kept for staff to look at, and this share of the others.
SIMULATION_CAPTURE_SAMPLE = env.float("SIMULATION_CAPTURE_SAMPLE", default=0.01)
SIMULATION_CAPTURE_DAYS = env.int("SIMULATION_CAPTURE_DAYS", default=14)
SIMULATION_CAPTURE_ROWS = env.int("SIMULATION_CAPTURE_ROWS", default=100_000)
# Counts of simulations by the minute, for reports.
SIMULATION_MINUTE_DAYS = env.int("SIMULATION_MINUTE_DAYS", default=90)
# Both are written this often, by a thread of each process; 0: never.
SIMULATION_RECORD_SECONDS = env.float("SIMULATION_RECORD_SECONDS", default=3.0)

from config.theme import UNFOLD  # noqa: E402, F401  (Unfold reads it from here; kept apart as it is long)
