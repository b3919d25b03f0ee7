"""Production: base.py with every bolt tightened, and nothing loosened."""

from velox.env import env
from velox.settings.base import *

SECURE_SSL_REDIRECT = True
SECURE_HSTS_SECONDS = 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SECURE_REDIRECT_EXEMPT = [r"^health/"]  # probes ask over plain HTTP from inside the cluster
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
if env.flag("BEHIND_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

STATIC_ROOT = ROOT / "staticfiles"
STORAGES["staticfiles"] = {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
WHITENOISE_USE_FINDERS = False
LOGGING = log_config("json")

DEMO = False  # its logins have known passwords

env.check("SECRET_KEY", "ALLOWED_HOSTS")
