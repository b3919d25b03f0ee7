"""Where one comes in, and looks after one's own account."""

from __future__ import annotations

from django.urls import path

from apps.accounts.views import door, join, keys, profile, reset, security

app_name = "accounts"

urlpatterns = [
    path("login/code/", door.code, name="code"),
    path("register/", join.register, name="register"),
    path("join/<str:token>/", join.join, name="join"),
    path("password/reset/", reset.reset, name="reset"),
    path("password/reset/<str:uidb64>/<str:token>/", reset.ResetConfirm.as_view(), name="reset-confirm"),
    path("account/profile/", profile.profile, name="profile"),
    path("account/security/", security.security, name="security"),
    path("account/security/password/", security.password, name="password"),
    path("account/security/factor/", security.factor, name="factor"),
    path("account/security/factor/off/", security.factor_off, name="factor-off"),
    path("account/security/codes/", security.codes, name="codes"),
    path("account/security/sessions/end/", security.sessions_end, name="sessions-end"),
    path("account/security/sessions/<str:public_id>/end/", security.session_end, name="session-end"),
    path("account/keys/", keys.keys, name="keys"),
    path("account/keys/<int:key_id>/revoke/", keys.revoke, name="key-revoke"),
]
