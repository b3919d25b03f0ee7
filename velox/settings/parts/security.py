"""Who gets in, and what a page may load. Production tightens the rest in prod.py."""

from django.utils.csp import CSP

from velox.env import env
from velox.settings.parts.database import VAR_DIR

SECRET_KEY = env.text("SECRET_KEY")
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_OLD")
FIELD_KEYS = env.words("FIELD_KEYS")  # see apps/common/secrets.py
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")
BEHIND_PROXY = env.flag("BEHIND_PROXY")

AUTH_USER_MODEL = "accounts.User"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
PASSWORD_RESET_TIMEOUT = 3600  # seconds a link to choose a new password is good for
SESSION_ENGINE = "apps.accounts.sessions"
SESSION_COOKIE_AGE = 7 * 24 * 3600
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "login"

# "open": whoever has an e-mail address may become a trader; "closed": by an admin's invitation only.
REGISTRATION = env.text("REGISTRATION") or "closed"
SITE_URL = env.text("SITE_URL")  # empty: links in mails begin as the page did that asked for them

CORS_ALLOWED_ORIGINS = env.words("CORS_ORIGINS")
CORS_URLS_REGEX = r"^/api/"  # pages are for this origin alone
CORS_ALLOW_HEADERS = ["accept", "authorization", "content-type", "idempotency-key", "if-match", "if-none-match"]
CORS_ALLOW_HEADERS += ["x-api-key", "x-request-id"]
CORS_EXPOSE_HEADERS = ["etag", "location", "retry-after", "x-request-id"]

# A body larger than this is answered 413 before it is read; forms without a file and JSON are far smaller.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
UPLOAD_MAX_SIZE = 20 * 1024 * 1024  # of a multipart form, files and all
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024  # larger files go to disk while they arrive

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

SECURE_CSP = {
    "default-src": [CSP.SELF],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],  # 'self' covers the page's own websockets in every current browser
    "object-src": [CSP.NONE],
    "base-uri": [CSP.SELF],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
}
# The admin's theme evaluates Alpine expressions and styles elements inline; only its pages may.
ADMIN_CSP = SECURE_CSP | {
    "script-src": [CSP.SELF, CSP.UNSAFE_EVAL, CSP.NONCE],
    "style-src": [CSP.SELF, CSP.UNSAFE_INLINE],
}

AUDIT_DIR = VAR_DIR / "audit"  # anchors of the trail, outside the database
AUDIT_MAIL = env.words("AUDIT_MAIL")
AUDIT_GUARD = True  # the database itself refuses to change the trail
