"""What every installation shares. Secrets and addresses come through velox.env, nothing else does."""

import warnings

from velox.env import ROOT
from velox.settings.parts.celery import *
from velox.settings.parts.channels import *
from velox.settings.parts.database import *
from velox.settings.parts.drf import *
from velox.settings.parts.kafka import *
from velox.settings.parts.logging import *
from velox.settings.parts.mail import *
from velox.settings.parts.office import *
from velox.settings.parts.redis import *
from velox.settings.parts.security import *
from velox.settings.parts.trading import *

BASE_DIR = ROOT
DEBUG = False

INSTALLED_APPS = [
    "unfold",  # before the admin, whose templates it replaces
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "rest_framework",
    "rest_framework_simplejwt.token_blacklist",
    "drf_spectacular",
    "drf_spectacular_sidecar",  # Swagger UI and Redoc as local files
    "channels",
    "corsheaders",
    "apps.common",
    "apps.audit",
    "apps.accounts",
    "apps.instruments",
    "apps.marketdata",
    "apps.strategies",
    "apps.orders",
    "apps.portfolio",
    "apps.risk",
    "apps.execution",
    "apps.backtests",
    "apps.pipeline",
    "apps.api",
    "apps.webhooks",
    "apps.dashboard",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "apps.common.middleware.RequestLog",
    "corsheaders.middleware.CorsMiddleware",
    "apps.common.middleware.BodyLimit",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "apps.common.middleware.AdminPolicy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "apps.accounts.middleware.SessionSeen",
    "apps.accounts.middleware.OwnTimeZone",
    "apps.common.middleware.ErrorPages",
]

ROOT_URLCONF = "velox.urls"
WSGI_APPLICATION = "velox.wsgi.application"
ASGI_APPLICATION = "velox.asgi.application"
WEB_SERVER_CONFIG = "apps.dashboard.live.server.server_config"  # what velox_run serves it with

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.csp",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True

STATIC_URL = "static/"
STATICFILES_DIRS = [ROOT / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
MEDIA_ROOT = VAR_DIR / "media"
WHITENOISE_USE_FINDERS = True  # the embedded shape serves static/ as it lies there
# Its files are small and read whole in a thread, which is what this warning says.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")
