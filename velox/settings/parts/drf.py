"""REST: closed unless an operation opens itself, JSON only, described by OpenAPI, counted per user."""

from datetime import timedelta
from typing import Any

from django.utils.csp import CSP

from velox.settings.parts.security import SECRET_KEY, SECURE_CSP

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "apps.api.authentication.AccessToken",  # first: its challenge goes with every 401
        "apps.api.authentication.ApiKey",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["apps.api.access.MayUse"],
    "DEFAULT_THROTTLE_CLASSES": ["apps.api.throttles.RateThrottle"],
    "DEFAULT_RENDERER_CLASSES": ["apps.api.wire.Json"],
    "DEFAULT_PARSER_CLASSES": ["apps.api.wire.StrictJson"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "apps.api.handler.answer",
    "URL_FORMAT_OVERRIDE": None,
    "COERCE_DECIMAL_TO_STRING": True,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}

# Name -> (requests, seconds) of one user, or of one address where nobody is logged in. The kill switch has none.
API_RATES: dict[str, tuple[int, int]] = {
    "read": (1200, 60),
    "write": (300, 60),
    "orders": (600, 10),
    "login": (30, 60),
}

SIMPLE_JWT: dict[str, Any] = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=15),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=7),
    "ROTATE_REFRESH_TOKENS": True,
    "BLACKLIST_AFTER_ROTATION": True,
    "CHECK_REVOKE_TOKEN": True,  # a new password ends every token
    "REVOKE_TOKEN_CLAIM": "pwd",
    "SIGNING_KEY": SECRET_KEY,
    "UPDATE_LAST_LOGIN": False,
    "AUTH_HEADER_TYPES": ("Bearer",),
}

SPECTACULAR_SETTINGS: dict[str, Any] = {
    "OAS_VERSION": "3.1.1",
    "TITLE": "Velox",
    "DESCRIPTION": (
        "Market data, strategies, orders, risk and portfolios. Money is text with an exact decimal, times are UTC. "
        "Errors are problem documents (RFC 9457) with stable codes; lists come by pages with a cursor; what trades "
        "takes an `Idempotency-Key`, so that sending it twice does it once."
    ),
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SORT_OPERATIONS": False,
    "SORT_OPERATION_PARAMETERS": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "POSTPROCESSING_HOOKS": ["apps.api.schema.finish"],
}

# Redoc makes style elements: empty ones it fills by script, and one that never changes. Their hashes let these in
# and nothing else; another version of it may need another hash, which tests/e2e/api says.
_REDOC_STYLES = [
    "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='",  # the empty text
    "'sha256-QMIg+bpjm3JdElJ388KYke01izlUW0UoNOeKjpMxdgc='",
]
API_PAGES_CSP = SECURE_CSP | {"style-src": [CSP.SELF, *_REDOC_STYLES], "worker-src": [CSP.SELF, "blob:"]}
