"""What changes about people, their accounts and what opens their doors."""

from apps.accounts.services.api_keys import (
    apikey_authenticate,
    apikey_create,
    apikey_revoke,
    apikeys_revoke_all,
)
from apps.accounts.services.people import account_grant, account_open, account_revoke, user_create

__all__ = [
    "account_grant",
    "account_open",
    "account_revoke",
    "apikey_authenticate",
    "apikey_create",
    "apikey_revoke",
    "apikeys_revoke_all",
    "user_create",
]
