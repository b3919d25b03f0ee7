"""What every installation shares. Secrets and addresses come through velox.env, nothing else does."""

import warnings

from django.templatetags.static import static

from velox.env import ROOT
from velox.settings.parts.celery import *
from velox.settings.parts.channels import *
from velox.settings.parts.database import *
from velox.settings.parts.drf import *
from velox.settings.parts.kafka import *
from velox.settings.parts.logging import *
from velox.settings.parts.redis import *
from velox.settings.parts.security import *
from velox.settings.parts.trading import *

BASE_DIR = ROOT
DEBUG = False

INSTALLED_APPS = [
    "unfold",  # before the admin, whose templates it replaces
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
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "apps.common.middleware.AdminPolicy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
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

UNFOLD = {
    "SITE_TITLE": "Velox",
    "SITE_HEADER": "Velox",
    "SITE_SUBHEADER": "Back office",
    "SITE_URL": "/",
    "SITE_ICON": lambda request: static("img/logo.svg"),
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("img/logo.svg")}],
    "COLORS": {  # the teal of the logo, from light to dark; 600 and darker carry white words at 4.5:1
        "primary": {
            "50": "oklch(98% .014 185)",
            "100": "oklch(95% .04 185)",
            "200": "oklch(91% .07 185)",
            "300": "oklch(85% .1 185)",
            "400": "oklch(77% .12 185)",
            "500": "oklch(68% .115 185)",
            "600": "oklch(53% .095 185)",
            "700": "oklch(46% .08 186)",
            "800": "oklch(40% .068 187)",
            "900": "oklch(35% .055 188)",
            "950": "oklch(26% .045 190)",
        }
    },
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
}
