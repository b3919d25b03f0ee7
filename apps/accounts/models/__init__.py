"""Who signs in, what holds money, what opens a door."""

from apps.accounts.models.access import (
    ApiKey,
    Attempts,
    Authenticator,
    DeviceSession,
    Invitation,
    RecoveryCode,
)
from apps.accounts.models.money import AccountMode, BrokerAccount, BrokerKind, Grant
from apps.accounts.models.people import People, Role, Theme, User, zone_validate

__all__ = [
    "AccountMode",
    "ApiKey",
    "Attempts",
    "Authenticator",
    "BrokerAccount",
    "BrokerKind",
    "DeviceSession",
    "Grant",
    "Invitation",
    "People",
    "RecoveryCode",
    "Role",
    "Theme",
    "User",
    "zone_validate",
]
